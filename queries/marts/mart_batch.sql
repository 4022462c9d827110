-- One batch of the lake with its counts at the door and the petitions it holds in this snapshot.
with held as (
    -- One batch with the petitions it now stands for and when they were created.
    select
        batch_id,
        count(*) as held,
        min(created_at) as first_created_at,
        max(created_at) as last_created_at,
    from fct_petition
    group by batch_id
)

select
    batch.batch_id,
    batch.sequence,
    batch.table_name,
    batch.source,
    batch.mapping,
    batch.imported_at,
    batch.imported_by,
    batch.as_of,
    batch.rows,
    batch.accepted,
    batch.replaced,
    batch.repeated,
    batch.rejected,
    batch.unlocated,
    batch.is_withdrawn,
    coalesce(held.held, 0) as held,
    held.first_created_at,
    held.last_created_at,
from lake_batch as batch
left join held on held.batch_id = batch.batch_id
order by batch.sequence
