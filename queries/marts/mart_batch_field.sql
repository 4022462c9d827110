-- One batch and field with the rows in which it is missing or odd.
select
    batch.sequence,
    batch.imported_at,
    batch.source,
    field.batch_id,
    field.table_name,
    field.field,
    field.label,
    field.rows,
    field.missing,
    field.odd,
from lake_batch_field as field
inner join mart_batch as batch on batch.batch_id = field.batch_id
order by batch.sequence, field.table_name, field.field
