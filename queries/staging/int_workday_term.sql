-- One calendar day with the natural days until the same hour of the last working day of the complex term.
with numbered as (
    -- One calendar day with the number of working days up to and including it.
    select
        day,
        is_workday,
        sum(case when is_workday then 1 else 0 end) over (order by day rows unbounded preceding) as workdays_so_far,
    from config_calendar
)

select
    received.day,
    date_diff('day', received.day, last_day.day) as days,
from numbered as received
cross join int_rule as rule
inner join numbered as last_day
    on last_day.is_workday and last_day.workdays_so_far = received.workdays_so_far + rule.complex_workdays
