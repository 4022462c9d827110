-- One scene where good credit brings an advantage.
select
    scene_id,
    name,
    threshold,
    _batch as batch_id,
from lake_scene
order by scene_id
