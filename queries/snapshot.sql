-- name: info()
-- One row: which snapshot this is, of what time, and of which deployment.
select
    snapshot_id,
    deployment,
    kind,
    as_of,
    built_at,
    schema,
from snapshot_info

-- name: communities(communities)
-- One community in scope in the deployment's order, the row of petitions that belong to none last.
select
    community_code,
    community_name,
    population,
    population_source,
    longitude,
    latitude,
    sort_order,
from dim_community
where community_code = any(cast(:communities as varchar[]))
order by sort_order

-- name: bounds()
-- One row: the first and the last day on which a petition was accepted; null where there is none.
select
    min(day) as first_day,
    max(day) as last_day,
from mart_daily
where accepted > 0
