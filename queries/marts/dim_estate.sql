-- One residential estate.
select
    estate.estate_code,
    estate.name,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    estate.community_source,
    estate.households,
    estate.longitude,
    estate.latitude,
    estate.council,
    estate._batch as batch_id,
from lake_estate as estate
left join dim_community as place on place.community_code = estate.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
order by estate.estate_code
