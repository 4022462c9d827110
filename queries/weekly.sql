-- name: late(communities, limit, revoked)
-- One overdue petition, the one whose deadline was missed first on top: the first :limit of each community, which have the first of all of them among them.
select
    petition_id,
    community_code,
    community_name,
    category_1,
    subject,
    unit,
    due_at,
    hours_late,
from mart_open
where
    is_overdue
    and list_contains(cast(:communities as varchar[]), community_code)
    and not list_contains(cast(:revoked as varchar[]), batch_id)
qualify
    row_number() over (partition by community_code order by due_at, petition_id) <= cast(:limit as bigint)
order by due_at, petition_id

-- name: due_soon(communities, limit, revoked)
-- One open petition with less than the agreed share of its time left, the next deadline on top: the first :limit of each community, which have the first of all of them among them.
select
    petition_id,
    community_code,
    community_name,
    category_1,
    subject,
    unit,
    due_at,
    hours_left,
from mart_open
where
    is_due_soon
    and list_contains(cast(:communities as varchar[]), community_code)
    and not list_contains(cast(:revoked as varchar[]), batch_id)
qualify
    row_number() over (partition by community_code order by due_at, petition_id) <= cast(:limit as bigint)
order by due_at, petition_id

-- name: late_counts(communities, revoked)
-- One community with its open petitions that are overdue or due soon; zeros where there is none.
select
    community.community_code,
    community.community_name,
    cast(coalesce(sum(late.overdue), 0) as bigint) as overdue,
    cast(coalesce(sum(late.due_soon), 0) as bigint) as due_soon,
from dim_community as community
left join mart_late as late
    on late.community_code = community.community_code
    and late.batch_id <> all(cast(:revoked as varchar[]))
where community.community_code = any(cast(:communities as varchar[]))
group by community.community_code, community.community_name, community.sort_order
order by community.sort_order

-- name: history(start, end, communities)
-- One community, category and week from Monday with the petitions accepted in it; weeks without any are left out.
with slice as (
    -- One week or day of the range, community and category with its petitions: whole weeks, then the days at both ends.
    select week_start, community_code, category_1, accepted
    from mart_weekly
    where
        week_start >= cast(date_trunc('week', cast(:start as date) + 6) as date)
        and week_start < cast(date_trunc('week', cast(:end as date)) as date)
        and community_code = any(cast(:communities as varchar[]))
    union all
    select cast(date_trunc('week', day) as date), community_code, category_1, accepted
    from mart_daily
    where
        day >= cast(:start as date)
        and day < least(cast(date_trunc('week', cast(:start as date) + 6) as date), cast(:end as date))
        and community_code = any(cast(:communities as varchar[]))
    union all
    select cast(date_trunc('week', day) as date), community_code, category_1, accepted
    from mart_daily
    where
        day >= greatest(
            cast(date_trunc('week', cast(:start as date) + 6) as date), cast(date_trunc('week', cast(:end as date)) as date)
        )
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
)

select
    community_code,
    category_1,
    week_start,
    cast(sum(accepted) as bigint) as n,
from slice
where accepted > 0
group by community_code, category_1, week_start
order by community_code, category_1, week_start
