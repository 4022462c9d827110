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

-- name: by_community(start, end, communities)
-- One community in scope, zeros where nothing came in, with the petitions overdue at the end of the range.
with counted as (
    -- One community with the counts of the range added up.
    select
        community_code,
        cast(sum(columns(* exclude (day, community_code, category_1, satisfied, satisfied_squares))) as bigint),
        sum(satisfied) as satisfied,
        sum(satisfied_squares) as satisfied_squares,
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
    group by community_code
),

change as (
    -- One part of a community's stock at the end of the range: what stood overdue on its last Monday, then each day since.
    select community_code, overdue_before as n
    from mart_weekly
    where
        week_start = least(
            date_trunc('week', cast(:end as date)), (select date_trunc('week', as_of) + interval '7 days' from snapshot_info)
        )
        and community_code = any(cast(:communities as varchar[]))
    union all
    select community_code, became_overdue - overdue_closed as n
    from mart_daily
    where
        day >= date_trunc('week', cast(:end as date))
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
),

stock as (
    -- One community with the petitions overdue at the end of the range.
    select
        community_code,
        cast(sum(n) as bigint) as overdue_open,
    from change
    group by community_code
)

select
    community.community_code,
    community.community_name,
    coalesce(columns(counted.* exclude (community_code)), 0),
    coalesce(stock.overdue_open, 0) as overdue_open,
    community.population,
from dim_community as community
left join counted on counted.community_code = community.community_code
left join stock on stock.community_code = community.community_code
where community.community_code = any(cast(:communities as varchar[]))
order by community.sort_order

-- name: by_category(start, end, communities)
-- One first-level category that came in, fell due or stood overdue, the most frequent first.
with counted as (
    -- One category with the counts of the range added up.
    select
        category_1,
        cast(sum(columns(* exclude (day, community_code, category_1, satisfied, satisfied_squares))) as bigint),
        sum(satisfied) as satisfied,
        sum(satisfied_squares) as satisfied_squares,
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
    group by category_1
),

change as (
    -- One part of a category's stock at the end of the range: what stood overdue on its last Monday, then each day since.
    select category_1, overdue_before as n
    from mart_weekly
    where
        week_start = least(
            date_trunc('week', cast(:end as date)), (select date_trunc('week', as_of) + interval '7 days' from snapshot_info)
        )
        and community_code = any(cast(:communities as varchar[]))
    union all
    select category_1, became_overdue - overdue_closed as n
    from mart_daily
    where
        day >= date_trunc('week', cast(:end as date))
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
),

stock as (
    -- One category with the petitions overdue at the end of the range.
    select
        category_1,
        cast(sum(n) as bigint) as overdue_open,
    from change
    group by category_1
    having sum(n) <> 0
),

inhabited as (
    -- One row: the population of the scope, null where any of its communities has not been counted.
    select cast(case when count(*) = count(population) then sum(population) end as bigint) as population
    from dim_community
    where community_code <> 'none' and community_code = any(cast(:communities as varchar[]))
)

select
    coalesce(counted.category_1, stock.category_1) as category_1,
    coalesce(columns(counted.* exclude (category_1)), 0),
    coalesce(stock.overdue_open, 0) as overdue_open,
    inhabited.population,
from counted
full join stock on stock.category_1 = counted.category_1
cross join inhabited
order by coalesce(counted.accepted, 0) desc, 1

-- name: by_day(start, end, communities)
-- One day of the range, zeros where nothing happened, with the petitions overdue as it ended.
with series as (
    -- One day of the range.
    select cast(unnest(generate_series(cast(:start as date), cast(:end as date) - 1, interval '1 day')) as date) as day
),

counted as (
    -- One day with its counts added up.
    select
        day,
        cast(sum(columns(* exclude (day, community_code, category_1, satisfied, satisfied_squares))) as bigint),
        sum(satisfied) as satisfied,
        sum(satisfied_squares) as satisfied_squares,
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
    group by day
),

change as (
    -- One part of the stock at the beginning of the range: what stood overdue on its Monday, then each cell and day since.
    select overdue_before as n
    from mart_weekly
    where
        week_start = least(
            date_trunc('week', cast(:start as date)), (select date_trunc('week', as_of) + interval '7 days' from snapshot_info)
        )
        and community_code = any(cast(:communities as varchar[]))
    union all
    select became_overdue - overdue_closed as n
    from mart_daily
    where
        day >= date_trunc('week', cast(:start as date))
        and day < cast(:start as date)
        and community_code = any(cast(:communities as varchar[]))
),

stock as (
    -- One row: the petitions overdue at the beginning of the range.
    select cast(coalesce(sum(n), 0) as bigint) as overdue_before
    from change
),

inhabited as (
    -- One row: the population of the scope, null where any of its communities has not been counted.
    select cast(case when count(*) = count(population) then sum(population) end as bigint) as population
    from dim_community
    where community_code <> 'none' and community_code = any(cast(:communities as varchar[]))
)

select
    series.day,
    coalesce(columns(counted.* exclude (day)), 0),
    cast(
        stock.overdue_before
        + sum(coalesce(counted.became_overdue - counted.overdue_closed, 0)) over (order by series.day) as bigint
    ) as overdue_open,
    inhabited.population,
from series
cross join stock
cross join inhabited
left join counted on counted.day = series.day
order by series.day

-- name: by_week(start, end, communities)
-- One week from Monday that the range touches, counting only days of the range, with the petitions overdue as it ended.
with series as (
    -- One week that the range touches.
    select
        cast(
            unnest(
                generate_series(date_trunc('week', cast(:start as date)), cast(:end as date) - 1, interval '7 days')
            ) as date
        ) as week_start,
),

slice as (
    -- One week or day of the range, community and category: whole weeks, and the days before and after them.
    select * exclude (overdue_before)
    from mart_weekly
    where
        week_start >= date_trunc('week', cast(:start as date) + 6)
        and week_start < date_trunc('week', cast(:end as date))
        and community_code = any(cast(:communities as varchar[]))
    union all
    select *
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
        and (
            day < date_trunc('week', cast(:start as date) + 6)
            or day >= date_trunc('week', cast(:end as date))
        )
        and community_code = any(cast(:communities as varchar[]))
),

counted as (
    -- One week with its counts added up.
    select
        cast(date_trunc('week', slice.week_start) as date) as monday,
        cast(sum(columns(* exclude (week_start, community_code, category_1, satisfied, satisfied_squares))) as bigint),
        sum(satisfied) as satisfied,
        sum(satisfied_squares) as satisfied_squares,
    from slice
    group by monday
),

change as (
    -- One part of the stock at the beginning of the range: what stood overdue on its Monday, then each cell and day since.
    select overdue_before as n
    from mart_weekly
    where
        week_start = least(
            date_trunc('week', cast(:start as date)), (select date_trunc('week', as_of) + interval '7 days' from snapshot_info)
        )
        and community_code = any(cast(:communities as varchar[]))
    union all
    select became_overdue - overdue_closed as n
    from mart_daily
    where
        day >= date_trunc('week', cast(:start as date))
        and day < cast(:start as date)
        and community_code = any(cast(:communities as varchar[]))
),

stock as (
    -- One row: the petitions overdue at the beginning of the range.
    select cast(coalesce(sum(n), 0) as bigint) as overdue_before
    from change
),

inhabited as (
    -- One row: the population of the scope, null where any of its communities has not been counted.
    select cast(case when count(*) = count(population) then sum(population) end as bigint) as population
    from dim_community
    where community_code <> 'none' and community_code = any(cast(:communities as varchar[]))
)

select
    series.week_start,
    coalesce(columns(counted.* exclude (monday)), 0),
    cast(
        stock.overdue_before
        + sum(coalesce(counted.became_overdue - counted.overdue_closed, 0)) over (order by series.week_start) as bigint
    ) as overdue_open,
    inhabited.population,
from series
cross join stock
cross join inhabited
left join counted on counted.monday = series.week_start
order by series.week_start
