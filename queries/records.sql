-- name: list(start, end, communities, category, state, limit, skip, revoked)
-- One petition accepted in the range, the latest first; texts are masked already at the door.
select
    petition_id,
    channel,
    kind,
    community_code,
    community_name,
    category_1,
    category_2,
    subject,
    first_unit as unit,
    accepted_at,
    due_at,
    closed_at,
    state,
    is_overdue,
    is_due_soon,
    is_repeat,
    is_excluded,
    satisfaction,
from fct_petition
where
    accepted_day >= cast(:start as date)
    and accepted_day < cast(:end as date)
    and community_code = any(cast(:communities as varchar[]))
    and (:category = '' or category_1 = :category)
    and (:state = '' or state = :state)
    and batch_id <> all(cast(:revoked as varchar[]))
order by accepted_day desc, accepted_at desc, petition_id asc
limit cast(:limit as bigint) offset cast(:skip as bigint)

-- name: count(start, end, communities, category, state, revoked)
-- One row: how many petitions the same list has in all.
with withdrawn as (
    -- One row: the batches of this snapshot withdrawn since, whose petitions the daily counts still hold.
    select count(*) as batches
    from mart_batch
    where held > 0 and batch_id = any(cast(:revoked as varchar[]))
),

part as (
    -- One part of the count: all and closed ones by day, open ones from their list, all of it row by row after a withdrawal.
    select sum(case when :state = '' then daily.accepted else daily.closed end) as n
    from mart_daily as daily
    cross join withdrawn
    where
        :state in ('', '办结')
        and withdrawn.batches = 0
        and daily.day >= cast(:start as date)
        and daily.day < cast(:end as date)
        and daily.community_code = any(cast(:communities as varchar[]))
        and (:category = '' or daily.category_1 = :category)
    union all
    select count(*) as n
    from mart_open
    where
        :state not in ('', '办结')
        and state = :state
        and accepted_day >= cast(:start as date)
        and accepted_day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
        and (:category = '' or category_1 = :category)
        and batch_id <> all(cast(:revoked as varchar[]))
    union all
    select count(*) as n
    from fct_petition as petition
    cross join withdrawn
    where
        :state in ('', '办结')
        and withdrawn.batches > 0
        and petition.accepted_day >= cast(:start as date)
        and petition.accepted_day < cast(:end as date)
        and petition.community_code = any(cast(:communities as varchar[]))
        and (:category = '' or petition.category_1 = :category)
        and (:state = '' or petition.state = :state)
        and petition.batch_id <> all(cast(:revoked as varchar[]))
)

select cast(coalesce(sum(n), 0) as bigint) as n
from part

-- name: one(petition_id, communities, revoked)
-- One petition, whole; texts are masked already at the door, and the hashed caller stays inside.
select * exclude (caller, first_person)
from fct_petition
where
    petition_id = :petition_id
    and community_code = any(cast(:communities as varchar[]))
    and batch_id <> all(cast(:revoked as varchar[]))
