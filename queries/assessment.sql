-- name: counts(start, end, counted_by, first_day, by, communities)
-- One community, unit ('' but where :by is unit), assessed month (its first day) and exclusion ('' for none) with its petitions and the answers of valid call-backs.
with dated as (
    -- One row of the mart with the first day of the assessed month that it belongs to.
    select
        cast(
            case
                when cast(:first_day as integer) = 1 then date_trunc('month', half_start)
                when extract(day from half_start) = 19 then half_start
                else date_trunc('month', half_start) - interval '1 month' + interval '18 days'
            end as date
        ) as month_start,
        * exclude (grain, counted_by, half_start),
    from mart_assessment
    where
        grain = :by
        and counted_by = :counted_by
        and half_start >= cast(:start as date)
        and half_start < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
)

select
    community_code,
    unit,
    month_start,
    exclusion,
    cast(sum(columns(* exclude (community_code, unit, month_start, exclusion))) as bigint),
from dated
group by community_code, unit, month_start, exclusion
order by community_code, unit, month_start, exclusion

-- name: case_mix(start, end, communities)
-- One community and kind of case with the valid call-backs of the range and their answers.
select
    community_code,
    kind,
    category_1,
    complexity,
    channel,
    cast(sum(n_valid) as bigint) as n_valid,
    cast(sum(n_responded) as bigint) as n_responded,
    cast(sum(n_resolved) as bigint) as n_resolved,
    cast(sum(n_satisfied) as bigint) as n_satisfied,
    cast(sum(n_basic) as bigint) as n_basic,
from mart_case_mix
where
    half_start >= cast(:start as date)
    and half_start < cast(:end as date)
    and community_code = any(cast(:communities as varchar[]))
group by community_code, kind, category_1, complexity, channel
order by community_code, kind, category_1, complexity, channel

-- name: points(start, end, by, communities, revoked)
-- One community (or unit where :by is unit) and matter of plus or minus points with its approved cases of the range.
select
    case when :by = 'unit' then coalesce(unit, '') else community_code end as code,
    point,
    cast(sum(cases) as bigint) as cases,
from fct_point
where
    happened_on >= cast(:start as date)
    and happened_on < cast(:end as date)
    and community_code = any(cast(:communities as varchar[]))
    and not list_contains(cast(:revoked as varchar[]), batch_id)
group by code, point
order by code, point

-- name: records(start, end, counted_by, communities, unit, answer, exclusions, limit, skip, revoked)
-- One petition behind the three rates with what was asked for (denied, dissatisfied, unanswered, excluded, uncalled), the latest first.
with excluded as (
    -- One petition left out for one of the reasons of the rule.
    select petition_id
    from fct_exclusion
    where reason_code = any(cast(:exclusions as varchar[]))
)

select
    petition.petition_id,
    petition.channel,
    petition.kind,
    petition.community_code,
    petition.community_name,
    petition.category_1,
    petition.category_2,
    petition.subject,
    petition.first_unit as unit,
    petition.accepted_at,
    petition.due_at,
    petition.closed_at,
    petition.state,
    petition.is_overdue,
    petition.is_due_soon,
    petition.is_repeat,
    petition.is_excluded,
    petition.satisfaction,
from fct_petition as petition
left join excluded on excluded.petition_id = petition.petition_id
where
    petition.community_code = any(cast(:communities as varchar[]))
    and case when :counted_by = 'created_at' then cast(petition.created_at as date) else petition.accepted_day end
        >= cast(:start as date)
    and case when :counted_by = 'created_at' then cast(petition.created_at as date) else petition.accepted_day end
        < cast(:end as date)
    and (:unit = '' or petition.first_unit = :unit)
    and petition.batch_id <> all(cast(:revoked as varchar[]))
    and (:answer = 'excluded') = (excluded.petition_id is not null)
    and case :answer
        when 'denied' then coalesce(petition.followup_valid, false) and not coalesce(petition.is_resolved, false)
        when 'dissatisfied'
            then coalesce(petition.followup_valid, false)
            and coalesce(petition.satisfaction not in ('满意', '基本满意'), true)
        when 'unanswered' then coalesce(petition.followup_valid, false) and not coalesce(petition.is_contacted, false)
        when 'uncalled' then petition.is_closed and not coalesce(petition.followup_valid, false)
        else true
    end
order by petition.accepted_day desc, petition.accepted_at desc, petition.petition_id asc
limit cast(:limit as bigint) offset cast(:skip as bigint)
