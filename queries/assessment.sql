-- name: counts(start, end, counted_by, first_day, communities)
-- One community, unit, assessed month (its first day) and exclusion ('' for none) with its petitions and the answers of valid call-backs.
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
        * exclude (counted_by, half_start),
    from mart_assessment
    where
        counted_by = :counted_by
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
