-- One row: the data time and the rules of the clocks that the deployment states, in whole minutes.
with stated as (
    -- One row: each rule of the deployment in a column of its own, null where it states none.
    select
        max(case when name = 'first_contact_minutes' then cast(value as double) end) as contact_minutes,
        max(case when name = 'simple_hours' then cast(value as double) end) as simple_hours,
        max(case when name = 'complex_hours' then cast(value as double) end) as complex_hours,
        max(case when name = 'complex_workdays' then cast(value as integer) end) as complex_workdays,
        max(case when name = 'time_base' then value end) as time_base,
        max(case when name = 'given_due_first' then value end) as given_due_first,
        max(case when name = 'due_soon_share' then cast(value as double) end) as due_soon_share,
    from config_deadline
)

select
    build.as_of,
    cast(round(stated.contact_minutes) as bigint) as contact_minutes,
    cast(round(stated.simple_hours * 60) as bigint) as simple_minutes,
    cast(round(stated.complex_hours * 60) as bigint) as complex_minutes,
    stated.complex_workdays,
    coalesce(stated.time_base, 'natural') = 'working' as counts_workdays,
    coalesce(stated.given_due_first, 'true') = 'true' as given_due_first,
    coalesce(stated.due_soon_share, 0.25) as due_soon_share,
from stated
cross join config_build as build
