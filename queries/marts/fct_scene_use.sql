-- One scene's uses in one month.
select
    scene_use.scene_id,
    scene_use.month,
    scene_use.uses,
    scene.name as scene_name,
    scene_use._batch as batch_id,
from lake_scene_use as scene_use
cross join config_build as build
left join dim_scene as scene on scene.scene_id = scene_use.scene_id
where cast(scene_use.month as timestamp) < build.as_of
order by scene_use.scene_id, scene_use.month
