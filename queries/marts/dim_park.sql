-- One credit park.
select
    park.park_code,
    park.name,
    park.county_code,
    coalesce(county.county_name, '未登记') as county_name,
    park.kind,
    park.opened_on,
    park._batch as batch_id,
from lake_park as park
left join dim_county as county on county.county_code = park.county_code
order by park.park_code
