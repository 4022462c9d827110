-- One unit that handles petitions.
select
    unit,
    level,
    parent,
    _batch as batch_id,
from lake_department
order by unit
