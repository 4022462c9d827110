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
select count(*) as n
from fct_petition
where
    accepted_day >= cast(:start as date)
    and accepted_day < cast(:end as date)
    and community_code = any(cast(:communities as varchar[]))
    and (:category = '' or category_1 = :category)
    and (:state = '' or state = :state)
    and batch_id <> all(cast(:revoked as varchar[]))

-- name: one(petition_id, communities, revoked)
-- One petition, whole; texts are masked already at the door, and the hashed caller stays inside.
select * exclude (caller, first_person)
from fct_petition
where
    petition_id = :petition_id
    and community_code = any(cast(:communities as varchar[]))
    and batch_id <> all(cast(:revoked as varchar[]))
