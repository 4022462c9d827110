-- name: units(start, end, communities)
-- One first unit with what it closed, what the callers said of it, and the promises of the ledger, in the months of the range.
select
    unit as code,
    unit as name,
    unit,
    cast(sum(n_closed) as bigint) as n_closed,
    cast(sum(n_first_hand) as bigint) as n_first_hand,
    cast(sum(n_valid) as bigint) as n_valid,
    cast(sum(n_satisfied) as bigint) as n_satisfied,
    cast(sum(n_basic) as bigint) as n_basic,
    cast(sum(n_repeat) as bigint) as n_repeat,
    cast(sum(n_repeat_valid) as bigint) as n_repeat_valid,
    cast(sum(n_repeat_resolved) as bigint) as n_repeat_resolved,
    cast(sum(n_ledger) as bigint) as n_ledger,
    cast(sum(n_ledger_met) as bigint) as n_ledger_met,
from mart_first_hand
where
    month_start >= cast(:start as date)
    and month_start < cast(:end as date)
    and unit <> ''
    and community_code = any(cast(:communities as varchar[]))
group by unit
order by unit

-- name: people(start, end, communities)
-- One first person by code (named 先锋01 and so on where the list of pioneers has the code, else '') with the same counts.
with pioneer as (
    -- One code with its first entry on the list of pioneers.
    select
        person,
        min(name) as name,
    from fct_pioneer
    where person <> ''
    group by person
)

select
    hand.person as code,
    coalesce(min(pioneer.name), '') as name,
    min(hand.unit) as unit,
    cast(sum(hand.n_closed) as bigint) as n_closed,
    cast(sum(hand.n_first_hand) as bigint) as n_first_hand,
    cast(sum(hand.n_valid) as bigint) as n_valid,
    cast(sum(hand.n_satisfied) as bigint) as n_satisfied,
    cast(sum(hand.n_basic) as bigint) as n_basic,
    cast(sum(hand.n_repeat) as bigint) as n_repeat,
    cast(sum(hand.n_repeat_valid) as bigint) as n_repeat_valid,
    cast(sum(hand.n_repeat_resolved) as bigint) as n_repeat_resolved,
    cast(sum(hand.n_ledger) as bigint) as n_ledger,
    cast(sum(hand.n_ledger_met) as bigint) as n_ledger_met,
from mart_first_hand as hand
left join pioneer on pioneer.person = hand.person
where
    hand.month_start >= cast(:start as date)
    and hand.month_start < cast(:end as date)
    and hand.person <> ''
    and hand.community_code = any(cast(:communities as varchar[]))
group by hand.person
order by hand.person

-- name: months(start, end, unit, person, communities)
-- One month of one unit or one person ('' for any) with what was closed, first-hand and in all.
select
    month_start,
    cast(sum(n_closed) as bigint) as n_closed,
    cast(sum(n_first_hand) as bigint) as n_first_hand,
from mart_first_hand
where
    month_start >= cast(:start as date)
    and month_start < cast(:end as date)
    and (:unit = '' or unit = :unit)
    and (:person = '' or person = :person)
    and community_code = any(cast(:communities as varchar[]))
group by month_start
order by month_start

-- name: cases(start, end, case_id, limit, communities, revoked)
-- One case ('' for any) that began in the range, the largest on top: what it is about, since when, what became of it.
select
    held.case_id,
    held.community_code,
    community.community_name,
    held.category_1,
    held.category_2,
    held.category_3,
    held.unit,
    held.n,
    held.n_closed,
    held.n_valid,
    held.n_resolved,
    held.n_units,
    held.first_day,
    held.last_day,
    held.closed_on,
from mart_case as held
inner join dim_community as community on community.community_code = held.community_code
where
    held.first_day >= cast(:start as date)
    and held.first_day < cast(:end as date)
    and (:case_id = '' or held.case_id = :case_id)
    and held.community_code = any(cast(:communities as varchar[]))
    and held.batch_id <> all(cast(:revoked as varchar[]))
order by held.n desc, held.first_day desc, held.case_id, held.community_code
limit cast(:limit as bigint)

-- name: case_methods(case_id, start, end, communities, revoked)
-- One way of closing ('' where none was noted, null while open) with the petitions of a case accepted in the range, the most frequent on top.
select
    case when petition.is_closed then coalesce(petition.close_method, '') end as method,
    count(*) as n,
from fct_petition as petition
inner join mart_case_petition as member
    on member.petition_id = petition.petition_id
    and member.case_id = :case_id
where
    petition.accepted_day >= cast(:start as date)
    and petition.accepted_day < cast(:end as date)
    and petition.community_code = any(cast(:communities as varchar[]))
    and petition.batch_id <> all(cast(:revoked as varchar[]))
group by case when petition.is_closed then coalesce(petition.close_method, '') end
order by n desc, method

-- name: case_petitions(case_id, start, end, limit, communities, revoked)
-- One petition of a case, accepted in the range, the first on top; texts are masked already at the door.
select
    petition.petition_id,
    petition.accepted_at,
    petition.subject,
    petition.first_unit as unit,
    petition.state,
    petition.closed_at,
    petition.close_method,
    petition.result,
    petition.satisfaction,
from fct_petition as petition
inner join mart_case_petition as member
    on member.petition_id = petition.petition_id
    and member.case_id = :case_id
where
    petition.accepted_day >= cast(:start as date)
    and petition.accepted_day < cast(:end as date)
    and petition.community_code = any(cast(:communities as varchar[]))
    and petition.batch_id <> all(cast(:revoked as varchar[]))
order by petition.accepted_at, petition.petition_id
limit cast(:limit as bigint)

-- name: case_dispatches(case_id, start, communities, revoked)
-- One unit and role with its dispatches in a case, made since the case began: how many, sent back, fed back or closed.
select
    dispatch.unit,
    dispatch.role,
    count(*) as n,
    count(dispatch.returned_at) as n_returned,
    count(coalesce(dispatch.closed_at, dispatch.feedback_at)) as n_done,
    min(dispatch.dispatched_at) as first_at,
    max(coalesce(dispatch.closed_at, dispatch.feedback_at)) as last_at,
from fct_dispatch as dispatch
inner join mart_case_petition as member
    on member.petition_id = dispatch.petition_id
    and member.case_id = :case_id
where
    dispatch.dispatched_at >= cast(:start as timestamp)
    and member.community_code = any(cast(:communities as varchar[]))
    and dispatch.batch_id <> all(cast(:revoked as varchar[]))
group by dispatch.unit, dispatch.role
order by n desc, dispatch.unit, dispatch.role

-- name: same_kind(start, end, category_1, category_2, category_3, communities)
-- One week from Monday with the petitions of the same first-level category, and of them those of the same second and third.
select
    cast(date_trunc('week', accepted_day) as date) as week_start,
    count(*) as n_1,
    count(*) filter (where category_2 = :category_2) as n_2,
    count(*) filter (where category_2 = :category_2 and category_3 = :category_3) as n_3,
from fct_petition
where
    accepted_day >= cast(:start as date)
    and accepted_day < cast(:end as date)
    and category_1 = :category_1
    and community_code = any(cast(:communities as varchar[]))
group by cast(date_trunc('week', accepted_day) as date)
order by week_start
