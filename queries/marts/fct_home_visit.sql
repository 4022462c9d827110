-- One household visited before the data time.
select
    visit.visit_id,
    visit.visited_on,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    visit.community_source,
    visit.estate_code,
    visit.household,
    visit.visitor,
    visit.demands,
    visit.category_1,
    visit._batch as batch_id,
from lake_home_visit as visit
cross join config_build as build
left join dim_community as place on place.community_code = visit.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
where cast(visit.visited_on as timestamp) < build.as_of
order by visit.visited_on, visit.visit_id
