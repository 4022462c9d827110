-- name: batches()
-- One batch of the lake with its counts at the door, the latest first.
select *
from mart_batch
order by sequence desc

-- name: fields()
-- One batch and field with the rows in which it is missing or odd, the latest batch first.
select *
from mart_batch_field
order by sequence desc, table_name, field

-- name: reasons()
-- One batch and reason of rejection with its rows, the latest batch and the most frequent reason first.
select *
from mart_batch_reason
order by sequence desc, rows desc, reason

-- name: unlocated(communities)
-- One week with the petitions accepted in it that belong to no community, and all that were accepted.
select
    week_start,
    cast(coalesce(sum(accepted) filter (where community_code = 'none'), 0) as bigint) as n,
    cast(sum(accepted) as bigint) as accepted,
from mart_weekly
where community_code = any(cast(:communities as varchar[]))
group by week_start
having sum(accepted) > 0
order by week_start
