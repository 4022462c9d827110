-- One month, community, first unit and first person with what they closed, what the callers said of it, and the promises of the ledger.
with returned as (
    -- One petition of which a dispatch was sent back.
    select distinct petition_id
    from fct_dispatch
    where returned_at is not null
),

done as (
    -- One closed petition in the month of its closing; first-hand: never sent back, never done again.
    select
        cast(date_trunc('month', petition.closed_at) as date) as month_start,
        petition.community_code,
        coalesce(petition.first_unit, '') as unit,
        coalesce(petition.first_person, '') as person,
        1 as n_closed,
        case when returned.petition_id is null and coalesce(petition.rework_count, 0) = 0 then 1 else 0 end as n_first_hand,
        case when petition.is_valid_followup then 1 else 0 end as n_valid,
        case when petition.is_valid_followup and petition.satisfaction = '满意' then 1 else 0 end as n_satisfied,
        case when petition.is_valid_followup and petition.satisfaction = '基本满意' then 1 else 0 end as n_basic,
        case when petition.is_repeat then 1 else 0 end as n_repeat,
        case when petition.is_repeat and petition.is_valid_followup then 1 else 0 end as n_repeat_valid,
        case
            when petition.is_repeat and petition.is_valid_followup and petition.is_resolved then 1
            else 0
        end as n_repeat_resolved,
        0 as n_ledger,
        0 as n_ledger_met,
    from fct_petition as petition
    left join returned on returned.petition_id = petition.petition_id
    where petition.is_closed
),

promised as (
    -- One petition on the ledger in the month of its promised day, once that day is over.
    select
        cast(date_trunc('month', hard_case.promised_on) as date) as month_start,
        petition.community_code,
        coalesce(petition.first_unit, '') as unit,
        coalesce(petition.first_person, '') as person,
        0 as n_closed,
        0 as n_first_hand,
        0 as n_valid,
        0 as n_satisfied,
        0 as n_basic,
        0 as n_repeat,
        0 as n_repeat_valid,
        0 as n_repeat_resolved,
        1 as n_ledger,
        case when hard_case.cleared_on <= hard_case.promised_on then 1 else 0 end as n_ledger_met,
    from fct_hard_case as hard_case
    inner join fct_petition as petition on petition.petition_id = hard_case.petition_id
    cross join config_build as build
    where cast(hard_case.promised_on as timestamp) + interval '1 day' <= build.as_of
),

counted as (
    -- One closed petition or promise that is over.
    select * from done
    union all
    select * from promised
)

select
    month_start,
    community_code,
    unit,
    person,
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
from counted
group by month_start, community_code, unit, person
order by month_start, community_code, unit, person
