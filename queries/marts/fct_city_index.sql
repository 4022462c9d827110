-- One dimension of the city's credit index in one month.
select
    city_index.month,
    city_index.dimension,
    city_index.score,
    city_index.rank_province,
    city_index.rank_nation,
    city_index.method_version,
    city_index._batch as batch_id,
from lake_city_index as city_index
cross join config_build as build
where cast(city_index.month as timestamp) < build.as_of
order by city_index.month, city_index.dimension
