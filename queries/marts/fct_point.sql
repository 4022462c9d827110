-- One entry of plus or minus points that was approved by the data time.
select
    entry.point_id,
    entry.point,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    entry.community_source,
    entry.unit,
    entry.cases,
    entry.happened_on,
    entry.evidence,
    entry.approved_by,
    entry.approved_at,
    entry._batch as batch_id,
from lake_point as entry
cross join config_build as build
left join dim_community as place on place.community_code = entry.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
where entry.approved_at <= build.as_of
order by entry.happened_on, entry.point_id
