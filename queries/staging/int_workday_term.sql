-- One calendar day with the natural days until the same hour of the last working day of the complex term.
select
    received.day,
    date_diff('day', received.day, last_day.day) as days,
from int_workday as received
cross join int_rule as rule
inner join int_workday as last_day
    on last_day.is_workday and last_day.workdays_so_far = received.workdays_so_far + rule.complex_workdays
