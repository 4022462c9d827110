-- One day with what the calendar says of it; presumed where no notice has been published yet.
select
    day,
    is_workday,
    is_presumed,
    note,
from config_calendar
order by day
