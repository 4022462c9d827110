-- One half of a month (from the 1st or the 19th), way of dating, community, unit and exclusion with what the call-backs said; then the same of all units of a community together, under grain.
with excluded as (
    -- One excluded petition with its reason.
    select
        petition_id,
        min(reason_code) as exclusion,
    from fct_exclusion
    group by petition_id
),

answered as (
    -- One petition with the days that an assessment can date it by, and the answers of the call-back that counts.
    select
        petition.accepted_day,
        cast(petition.created_at as date) as created_day,
        petition.community_code,
        coalesce(nullif(petition.first_unit, ''), '') as unit,
        coalesce(excluded.exclusion, '') as exclusion,
        petition.is_closed,
        coalesce(petition.followup_valid, false) as is_valid,
        coalesce(petition.is_contacted, false) as is_responded,
        coalesce(petition.is_resolved, false) as is_resolved,
        coalesce(petition.satisfaction = '满意', false) as is_satisfied,
        coalesce(petition.satisfaction = '基本满意', false) as is_basic,
        -- the rule file states the same 24 hours as late_hours
        coalesce(petition.complexity_changed_at > petition.accepted_at + interval '24 hours', false) as is_late_change,
    from fct_petition as petition
    left join excluded on excluded.petition_id = petition.petition_id
),

dated as (
    -- One petition and way of dating it.
    select
        'accepted_at' as counted_by,
        accepted_day as day,
        *,
    from answered
    union all
    select
        'created_at' as counted_by,
        created_day as day,
        *,
    from answered
),

counted as (
    -- One half of a month, way of dating, community, unit and exclusion.
    select
        counted_by,
        cast(
            case
                when extract(day from day) >= 19 then cast(date_trunc('month', day) as date) + interval '18 days'
                else cast(date_trunc('month', day) as date)
            end as date
        ) as half_start,
        community_code,
        unit,
        exclusion,
        count(*) as n_cases,
        count(*) filter (where is_closed) as n_closed,
        count(*) filter (where is_valid) as n_valid,
        count(*) filter (where is_valid and is_responded) as n_responded,
        count(*) filter (where is_valid and is_resolved) as n_resolved,
        count(*) filter (where is_valid and is_satisfied) as n_satisfied,
        count(*) filter (where is_valid and is_basic) as n_basic,
        count(*) filter (where is_valid and is_responded and is_resolved) as n_responded_resolved,
        count(*) filter (where is_valid and is_responded and is_satisfied) as n_responded_satisfied,
        count(*) filter (where is_valid and is_responded and is_basic) as n_responded_basic,
        count(*) filter (where is_valid and is_resolved and is_satisfied) as n_resolved_satisfied,
        count(*) filter (where is_valid and is_resolved and is_basic) as n_resolved_basic,
        count(*) filter (where is_closed and not is_valid) as n_without_valid,
        count(*) filter (where is_closed and is_valid) as n_closed_valid,
        count(*) filter (where is_closed and is_valid and not is_resolved) as n_denied,
        count(*) filter (where is_late_change) as n_late_change,
    from dated
    group by
        counted_by,
        cast(
            case
                when extract(day from day) >= 19 then cast(date_trunc('month', day) as date) + interval '18 days'
                else cast(date_trunc('month', day) as date)
            end as date
        ),
        community_code,
        unit,
        exclusion
),

summed as (
    -- One row of it, and one of all units of a community together.
    select
        'unit' as grain,
        *,
    from counted
    union all
    select
        'community' as grain,
        counted_by,
        half_start,
        community_code,
        '' as unit,
        exclusion,
        cast(sum(n_cases) as bigint) as n_cases,
        cast(sum(n_closed) as bigint) as n_closed,
        cast(sum(n_valid) as bigint) as n_valid,
        cast(sum(n_responded) as bigint) as n_responded,
        cast(sum(n_resolved) as bigint) as n_resolved,
        cast(sum(n_satisfied) as bigint) as n_satisfied,
        cast(sum(n_basic) as bigint) as n_basic,
        cast(sum(n_responded_resolved) as bigint) as n_responded_resolved,
        cast(sum(n_responded_satisfied) as bigint) as n_responded_satisfied,
        cast(sum(n_responded_basic) as bigint) as n_responded_basic,
        cast(sum(n_resolved_satisfied) as bigint) as n_resolved_satisfied,
        cast(sum(n_resolved_basic) as bigint) as n_resolved_basic,
        cast(sum(n_without_valid) as bigint) as n_without_valid,
        cast(sum(n_closed_valid) as bigint) as n_closed_valid,
        cast(sum(n_denied) as bigint) as n_denied,
        cast(sum(n_late_change) as bigint) as n_late_change,
    from counted
    group by counted_by, half_start, community_code, exclusion
)

select *
from summed
order by grain, counted_by, half_start, community_code, unit, exclusion
