-- One published figure, as printed, and how it is to be checked.
select
    id,
    label,
    published,
    unit,
    places,
    method,
    query,
    reason,
    source,
from config_figure
order by id
