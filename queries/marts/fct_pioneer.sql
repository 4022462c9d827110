-- One honoured or launched person, studio or case, by code.
select
    pioneer.pioneer_id,
    pioneer.kind,
    pioneer.name,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    pioneer.community_source,
    pioneer.year,
    pioneer.status,
    pioneer.person,
    pioneer._batch as batch_id,
from lake_pioneer as pioneer
left join dim_community as place on place.community_code = pioneer.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
order by pioneer.pioneer_id
