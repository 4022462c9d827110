-- One week from Monday, community and category: the counts of mart_daily added up, and what stood overdue as it began.
with counted as (
    -- One week, community and category with its daily counts added up.
    select
        cast(date_trunc('week', day) as date) as week_start,
        community_code,
        category_1,
        cast(sum(accepted) as bigint) as accepted,
        cast(sum(closed) as bigint) as closed,
        cast(sum(followed_up) as bigint) as followed_up,
        cast(sum(closing_known) as bigint) as closing_known,
        cast(sum(followup_known) as bigint) as followup_known,
        cast(sum(repeat_known) as bigint) as repeat_known,
        cast(sum(repeats) as bigint) as repeats,
        cast(sum(excluded) as bigint) as excluded,
        cast(sum(valid_followups) as bigint) as valid_followups,
        cast(sum(responded) as bigint) as responded,
        cast(sum(resolved) as bigint) as resolved,
        sum(satisfied) as satisfied,
        sum(satisfied_squares) as satisfied_squares,
        cast(sum(contact_due) as bigint) as contact_due,
        cast(sum(contact_met) as bigint) as contact_met,
        cast(sum(simple_due) as bigint) as simple_due,
        cast(sum(simple_met) as bigint) as simple_met,
        cast(sum(complex_due) as bigint) as complex_due,
        cast(sum(complex_met) as bigint) as complex_met,
        cast(sum(due) as bigint) as due,
        cast(sum(due_met) as bigint) as due_met,
        cast(sum(became_overdue) as bigint) as became_overdue,
        cast(sum(overdue_closed) as bigint) as overdue_closed,
    from mart_daily
    group by cast(date_trunc('week', day) as date), community_code, category_1
),

touched as (
    -- One community and category in which anything ever fell overdue.
    select distinct
        community_code,
        category_1,
    from mart_daily
    where became_overdue > 0
),

week as (
    -- One week with anything counted, and the week after the data time, whose beginning is the end of all counts.
    select distinct week_start,
    from counted
    union
    select cast(date_trunc('week', day) as date) as week_start,
    from dim_calendar
    cross join config_build as build
    where
        day >= (select min(week_start) from counted)
        and cast(day as timestamp) < cast(date_trunc('week', build.as_of) as timestamp) + interval '14 days'
),

stock as (
    -- One week and cell with the petitions overdue at its first moment: all that fell overdue before, less those closed.
    select
        week.week_start,
        touched.community_code,
        touched.category_1,
        cast(
            coalesce(
                sum(counted.became_overdue - counted.overdue_closed) over (
                    partition by touched.community_code, touched.category_1
                    order by week.week_start
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as bigint
        ) as overdue_before,
    from week
    cross join touched
    left join counted
        on counted.week_start = week.week_start
        and counted.community_code = touched.community_code
        and counted.category_1 = touched.category_1
)

select
    coalesce(counted.week_start, stock.week_start) as week_start,
    coalesce(counted.community_code, stock.community_code) as community_code,
    coalesce(counted.category_1, stock.category_1) as category_1,
    coalesce(counted.accepted, 0) as accepted,
    coalesce(counted.closed, 0) as closed,
    coalesce(counted.followed_up, 0) as followed_up,
    coalesce(counted.closing_known, 0) as closing_known,
    coalesce(counted.followup_known, 0) as followup_known,
    coalesce(counted.repeat_known, 0) as repeat_known,
    coalesce(counted.repeats, 0) as repeats,
    coalesce(counted.excluded, 0) as excluded,
    coalesce(counted.valid_followups, 0) as valid_followups,
    coalesce(counted.responded, 0) as responded,
    coalesce(counted.resolved, 0) as resolved,
    coalesce(counted.satisfied, 0) as satisfied,
    coalesce(counted.satisfied_squares, 0) as satisfied_squares,
    coalesce(counted.contact_due, 0) as contact_due,
    coalesce(counted.contact_met, 0) as contact_met,
    coalesce(counted.simple_due, 0) as simple_due,
    coalesce(counted.simple_met, 0) as simple_met,
    coalesce(counted.complex_due, 0) as complex_due,
    coalesce(counted.complex_met, 0) as complex_met,
    coalesce(counted.due, 0) as due,
    coalesce(counted.due_met, 0) as due_met,
    coalesce(counted.became_overdue, 0) as became_overdue,
    coalesce(counted.overdue_closed, 0) as overdue_closed,
    coalesce(stock.overdue_before, 0) as overdue_before,
from counted
full join stock
    on stock.week_start = counted.week_start
    and stock.community_code = counted.community_code
    and stock.category_1 = counted.category_1
where counted.week_start is not null or stock.overdue_before <> 0
order by week_start, community_code, category_1
