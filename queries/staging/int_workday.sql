-- One calendar day with the number of working days up to and including it.
select
    day,
    is_workday,
    sum(case when is_workday then 1 else 0 end) over (order by day rows unbounded preceding) as workdays_so_far,
from config_calendar
