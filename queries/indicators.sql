-- name: totals(start, end, communities)
-- One row: the counts of the whole range, the petitions overdue at its end, and the population of the communities in scope.
with counted as (
    -- One row: the counts of the range added up.
    select
        coalesce(
            cast(sum(columns(* exclude (day, community_code, category_1, satisfied, satisfied_squares))) as bigint), 0
        ),
        coalesce(sum(satisfied), 0) as satisfied,
        coalesce(sum(satisfied_squares), 0) as satisfied_squares,
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
),

change as (
    -- One part of the stock at the end of the range: what stood overdue on its last Monday, then each cell and day since.
    select overdue_before as n
    from mart_weekly
    where
        week_start = least(
            date_trunc('week', cast(:end as date)), (select date_trunc('week', as_of) + interval '7 days' from snapshot_info)
        )
        and community_code = any(cast(:communities as varchar[]))
    union all
    select became_overdue - overdue_closed as n
    from mart_daily
    where
        day >= date_trunc('week', cast(:end as date))
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
),

stock as (
    -- One row: the petitions overdue at the end of the range.
    select cast(coalesce(sum(n), 0) as bigint) as overdue_open
    from change
),

inhabited as (
    -- One row: the population of the scope, null where any of its communities has not been counted.
    select cast(case when count(*) = count(population) then sum(population) end as bigint) as population
    from dim_community
    where community_code <> 'none' and community_code = any(cast(:communities as varchar[]))
)

select
    counted.*,
    stock.overdue_open,
    inhabited.population,
from counted
cross join stock
cross join inhabited

-- name: cells(start, end, communities)
-- One community and first-level category in scope that came in, fell due or stood overdue, with its counts and that stock.
with part as (
    -- One part of a cell: a day of the range, or a part of the stock at its end: its last Monday, then each day since.
    select * exclude (day)
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
    union all by name
    select community_code, category_1, overdue_before as overdue_open
    from mart_weekly
    where
        week_start = least(
            date_trunc('week', cast(:end as date)), (select date_trunc('week', as_of) + interval '7 days' from snapshot_info)
        )
        and overdue_before <> 0
    union all by name
    select community_code, category_1, became_overdue - overdue_closed as overdue_open
    from mart_daily
    where
        day >= date_trunc('week', cast(:end as date))
        and day < cast(:end as date)
        and became_overdue <> overdue_closed
)

select
    community_code,
    category_1,
    coalesce(
        cast(sum(columns(* exclude (community_code, category_1, satisfied, satisfied_squares))) as bigint), 0
    ),
    coalesce(sum(satisfied), 0) as satisfied,
    coalesce(sum(satisfied_squares), 0) as satisfied_squares,
from part
where community_code = any(cast(:communities as varchar[]))
group by community_code, category_1
order by community_code, category_1

-- name: weeks(start, end, communities)
-- One community and week from Monday, counting only days of the range, with the petitions overdue as it ended; weeks without any are left out.
with part as (
    -- One part of a week: a whole week, a day of one that the range cuts, or a part of what stood overdue as it ended.
    select week_start, * exclude (week_start, category_1, overdue_before)
    from mart_weekly
    where
        week_start >= date_trunc('week', cast(:start as date) + 6)
        and week_start < date_trunc('week', cast(:end as date))
    union all by name
    select cast(date_trunc('week', day) as date) as week_start, * exclude (day, category_1)
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
        and (
            day < date_trunc('week', cast(:start as date) + 6)
            or day >= date_trunc('week', cast(:end as date))
        )
    union all by name
    -- What stood overdue as the next week began.
    select cast(week_start - interval '7 days' as date) as week_start, community_code, overdue_before as overdue_open
    from mart_weekly
    where
        week_start > date_trunc('week', cast(:start as date))
        and week_start <= date_trunc('week', cast(:end as date))
    union all by name
    -- For the week that the end cuts: what stood overdue as it began, then each of its days.
    select week_start, community_code, overdue_before as overdue_open
    from mart_weekly
    where
        week_start = date_trunc('week', cast(:end as date))
        and week_start < cast(:end as date)
    union all by name
    select
        cast(date_trunc('week', day) as date) as week_start,
        community_code,
        became_overdue - overdue_closed as overdue_open,
    from mart_daily
    where
        day >= date_trunc('week', cast(:end as date))
        and day < cast(:end as date)
)

select
    week_start,
    community_code,
    coalesce(
        cast(sum(columns(* exclude (week_start, community_code, satisfied, satisfied_squares))) as bigint), 0
    ),
    coalesce(sum(satisfied), 0) as satisfied,
    coalesce(sum(satisfied_squares), 0) as satisfied_squares,
from part
where community_code = any(cast(:communities as varchar[]))
group by week_start, community_code
order by week_start, community_code
