-- One case within one community, of at least two petitions: what it is about, from when to when, and what became of it.
with held as (
    -- One case and community with its petitions counted.
    select
        member.case_id,
        member.community_code,
        count(*) as n,
        count(*) filter (where petition.is_closed) as n_closed,
        count(*) filter (where petition.is_valid_followup) as n_valid,
        count(*) filter (where petition.is_valid_followup and petition.is_resolved) as n_resolved,
        count(distinct petition.first_unit) as n_units,
        min(petition.accepted_day) as first_day,
        max(petition.accepted_day) as last_day,
        cast(max(petition.closed_at) as date) as closed_on,
        arg_min(petition.petition_id, concat(cast(petition.accepted_at as varchar), petition.petition_id)) as first_petition_id,
    from mart_case_petition as member
    inner join fct_petition as petition on petition.petition_id = member.petition_id
    group by member.case_id, member.community_code
    having count(*) > 1
)

select
    held.case_id,
    held.community_code,
    held.n,
    held.n_closed,
    held.n_valid,
    held.n_resolved,
    held.n_units,
    held.first_day,
    held.last_day,
    case when held.n_closed = held.n then held.closed_on end as closed_on,
    held.first_petition_id,
    first.category_1,
    coalesce(first.category_2, '') as category_2,
    coalesce(first.category_3, '') as category_3,
    coalesce(first.first_unit, '') as unit,
    first.batch_id,
from held
inner join fct_petition as first on first.petition_id = held.first_petition_id
order by held.first_day desc, held.case_id, held.community_code
