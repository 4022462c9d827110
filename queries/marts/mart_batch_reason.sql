-- One batch and reason of rejection with its rows.
select
    batch.sequence,
    batch.imported_at,
    batch.source,
    reason.batch_id,
    reason.reason,
    reason.rows,
from lake_batch_reason as reason
inner join mart_batch as batch on batch.batch_id = reason.batch_id
order by batch.sequence, reason.reason
