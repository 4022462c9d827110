-- One community of the deployment, and the row of petitions that belong to none.
with latest as (
    -- One population count, numbered from the latest of its community backwards.
    select
        counted.community_code,
        counted.population,
        counted.source,
        row_number() over (partition by counted.community_code order by counted.counted_on desc) as turn,
    from lake_population as counted
    cross join config_build as build
    where cast(counted.counted_on as timestamp) <= build.as_of
)

select
    community.community_code,
    community.community_name,
    coalesce(latest.population, community.population) as population,
    case when latest.population is not null then latest.source else community.population_source end as population_source,
    community.longitude,
    community.latitude,
    community.sort_order,
from config_community as community
left join latest on latest.community_code = community.community_code and latest.turn = 1
order by community.sort_order
