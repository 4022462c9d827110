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

-- name: history(communities)
-- One community and category with every day on which petitions of it were accepted, counted from 1970-01-01, and how many: two lists, as long as each other.
select
    community_code,
    category_1,
    list(cast(day - date '1970-01-01' as integer)) as days,
    list(cast(accepted as integer)) as n,
from mart_daily
where accepted > 0 and list_contains(cast(:communities as varchar[]), community_code)
group by community_code, category_1
order by community_code, category_1
