-- name: counties(communities)
-- One county with enterprises and its city, in the order of the deployment's list.
select
    firm.county_code,
    min(firm.county_name) as county_name,
    min(county.city) as city,
    count(*) as n,
from dim_enterprise as firm
left join dim_county as county on county.county_code = firm.county_code
where firm.community_code = any(cast(:communities as varchar[]))
group by firm.county_code
order by min(county.sort_order) nulls last, firm.county_code

-- name: states(communities, today, hidden, revoked)
-- One county, class of penalties and state of repair with how many are shown today, of how many firms, and how many were 30 days ago.
with moment as (
    -- One day that is looked at: today, and 30 days before.
    select cast(:today as date) as day
    union all
    select cast(:today as date) - 30 as day
),

shown as (
    -- One penalty shown on one of the days with its state of repair on that day.
    select
        moment.day,
        penalty.county_code,
        penalty.class_code,
        penalty.class_name,
        penalty.uscc,
        case
            when waiting.penalty_id is not null then 'pending'
            when penalty.ready_on <= moment.day then 'ready'
            when penalty.apply_from <= moment.day then 'owing'
            when penalty.remind_again_on <= moment.day then 'near'
            when penalty.remind_on <= moment.day then 'soon'
            else 'waiting'
        end as state,
    from fct_penalty as penalty
    inner join moment on penalty.visible_from <= moment.day and penalty.visible_until > moment.day
    left join (
        select distinct
            moment.day,
            repair.penalty_id,
        from fct_repair as repair
        inner join moment
            on repair.applied_on <= moment.day
            and (repair.decided_on is null or repair.decided_on > moment.day)
        where
            repair.repair_id <> all(cast(:hidden as varchar[]))
            and repair.batch_id <> all(cast(:revoked as varchar[]))
    ) as waiting
        on waiting.penalty_id = penalty.penalty_id and waiting.day = moment.day
    where
        penalty.is_public
        and penalty.penalty_id <> all(cast(:hidden as varchar[]))
        and penalty.batch_id <> all(cast(:revoked as varchar[]))
        and penalty.community_code = any(cast(:communities as varchar[]))
)

select
    county_code,
    class_code,
    class_name,
    state,
    count(*) filter (where day = cast(:today as date)) as n,
    count(distinct uscc) filter (where day = cast(:today as date)) as firms,
    count(*) filter (where day < cast(:today as date)) as n_before,
from shown
group by county_code, class_code, class_name, state
order by county_code, class_code, state

-- name: list(county, state, limit, skip, communities, today, hidden, revoked)
-- One penalty shown today in one state of repair ('' for any), the one that can be applied for first on top.
with applied as (
    -- One penalty with the day of its latest application that is not decided yet.
    select
        penalty_id,
        max(applied_on) as applied_on,
    from fct_repair
    where
        decided_on is null
        and community_code = any(cast(:communities as varchar[]))
        and repair_id <> all(cast(:hidden as varchar[]))
        and batch_id <> all(cast(:revoked as varchar[]))
    group by penalty_id
),

shown as (
    -- One penalty shown today with its state of repair.
    select
        penalty.penalty_id,
        penalty.uscc,
        penalty.enterprise_name,
        penalty.county_name,
        penalty.document_no,
        penalty.authority,
        penalty.kind,
        penalty.class_name,
        penalty.decided_on,
        penalty.corrected_on,
        penalty.fulfilled_on,
        penalty.apply_from,
        penalty.ready_on,
        penalty.ends_on,
        applied.applied_on,
        case
            when applied.penalty_id is not null then 'pending'
            when penalty.ready_on <= cast(:today as date) then 'ready'
            when penalty.apply_from <= cast(:today as date) then 'owing'
            when penalty.remind_again_on <= cast(:today as date) then 'near'
            when penalty.remind_on <= cast(:today as date) then 'soon'
            else 'waiting'
        end as state,
    from fct_penalty as penalty
    left join applied on applied.penalty_id = penalty.penalty_id
    where
        penalty.is_public
        and penalty.visible_from <= cast(:today as date)
        and penalty.visible_until > cast(:today as date)
        and penalty.penalty_id <> all(cast(:hidden as varchar[]))
        and penalty.batch_id <> all(cast(:revoked as varchar[]))
        and penalty.community_code = any(cast(:communities as varchar[]))
        and (:county = '' or penalty.county_code = :county)
)

select *
from shown
where :state = '' or state = :state
order by apply_from, penalty_id
limit cast(:limit as bigint) offset cast(:skip as bigint)

-- name: one(penalty_id, communities, today, hidden, revoked)
-- One penalty shown today with what the repair rules ask of it, and the day of an application that is not decided yet.
select
    penalty.penalty_id,
    penalty.uscc,
    penalty.enterprise_name,
    penalty.county_name,
    penalty.community_name,
    penalty.document_no,
    penalty.authority,
    penalty.field,
    penalty.kind,
    penalty.severity,
    penalty.is_summary,
    penalty.amount,
    penalty.decided_on,
    penalty.published_on,
    penalty.corrected_on,
    penalty.fulfilled_on,
    penalty.repaired_on,
    penalty.repair_rule,
    penalty.class_name,
    penalty.apply_from,
    penalty.ends_on,
    (
        select max(repair.applied_on)
        from fct_repair as repair
        where
            repair.penalty_id = penalty.penalty_id
            and repair.decided_on is null
            and repair.repair_id <> all(cast(:hidden as varchar[]))
            and repair.batch_id <> all(cast(:revoked as varchar[]))
    ) as applied_on,
from fct_penalty as penalty
where
    penalty.penalty_id = :penalty_id
    and penalty.is_public
    and penalty.visible_from <= cast(:today as date)
    and penalty.visible_until > cast(:today as date)
    and penalty.penalty_id <> all(cast(:hidden as varchar[]))
    and penalty.batch_id <> all(cast(:revoked as varchar[]))
    and penalty.community_code = any(cast(:communities as varchar[]))

-- name: coming(weeks, communities, today, hidden, revoked)
-- One week from Monday and county with the penalties that can first be applied for in it, and of them those with everything done.
select
    cast(date_trunc('week', apply_from) as date) as week_start,
    county_code,
    count(*) as n,
    count(*) filter (where ready_on is not null and ready_on <= apply_from) as n_done,
from fct_penalty
where
    is_public
    and apply_from > cast(:today as date)
    and apply_from <= cast(:today as date) + 7 * cast(:weeks as integer)
    and visible_from <= cast(:today as date)
    and visible_until > cast(:today as date)
    and penalty_id <> all(cast(:hidden as varchar[]))
    and batch_id <> all(cast(:revoked as varchar[]))
    and community_code = any(cast(:communities as varchar[]))
group by cast(date_trunc('week', apply_from) as date), county_code
order by week_start, county_code

-- name: steps(start, end, communities, hidden, revoked)
-- One county and class of the penalties decided in the range with how many of them came how far on the way to repair, each step of those at the step before; applications made too early stand apart.
with clock as (
    -- The data time and its day.
    select
        as_of,
        cast(as_of as date) as day,
    from snapshot_info
),

gone as (
    -- One penalty with the furthest that any of its applications came.
    select
        penalty_id,
        count(noticed_on) > 0 as is_noticed,
        count(reminded_on) > 0 as is_reminded,
        count(accepted_on) > 0 or count(*) filter (where result = '同意' and decided_on is not null) > 0 as is_accepted,
        count(*) filter (where result = '同意' and decided_on is not null) > 0 as is_granted,
        count(*) filter (where result = '不同意' and decided_on is not null) > 0 as is_refused,
    from fct_repair
    where
        penalty_id is not null
        and repair_id <> all(cast(:hidden as varchar[]))
        and batch_id <> all(cast(:revoked as varchar[]))
    group by penalty_id
),

counted as (
    -- One penalty of the range with whether it was public, and could be applied for, by the data time, and what came of it.
    select
        penalty.county_code,
        penalty.repair_rule,
        penalty.class_code,
        penalty.class_name,
        penalty.is_public and cast(penalty.visible_from as timestamp) < clock.as_of as is_shown,
        penalty.apply_from <= clock.day as is_reached,
        penalty.is_public
        and cast(penalty.visible_from as timestamp) < clock.as_of
        and (penalty.ready_on <= clock.day or coalesce(gone.is_granted, false)) as is_ready,
        gone.penalty_id is not null as is_applied,
        gone.is_noticed,
        gone.is_reminded,
        gone.is_accepted,
        gone.is_granted,
        gone.is_refused,
    from fct_penalty as penalty
    cross join clock
    left join gone on gone.penalty_id = penalty.penalty_id
    where
        penalty.decided_on >= cast(:start as date)
        and penalty.decided_on < cast(:end as date)
        and penalty.batch_id <> all(cast(:revoked as varchar[]))
        and penalty.community_code = any(cast(:communities as varchar[]))
)

select
    county_code,
    repair_rule,
    class_code,
    class_name,
    count(*) as n,
    count(*) filter (where is_shown) as n_public,
    count(*) filter (where is_shown and is_reached) as n_reached,
    count(*) filter (where is_ready) as n_ready,
    count(*) filter (where is_ready and is_applied) as n_applied,
    count(*) filter (where is_shown and is_applied and not coalesce(is_ready, false)) as n_early,
    count(*) filter (where is_ready and is_accepted) as n_accepted,
    count(*) filter (where is_shown and is_granted) as n_granted,
    count(*) filter (where is_shown and is_refused and not is_granted) as n_refused,
    count(*) filter (where is_shown and is_noticed) as n_noticed,
    count(*) filter (where is_shown and is_reminded) as n_reminded,
    count(*) filter (where is_applied and not is_shown) as n_applied_unpublished,
from counted
group by county_code, repair_rule, class_code, class_name
order by county_code, repair_rule, class_code

-- name: waits(start, end, communities, hidden, revoked)
-- One county, step of the applications made in the range and number of days with how many took it or, where open, have waited as long by the data time.
with application as (
    -- One application with its days; one that was decided without being accepted was accepted by then.
    select
        county_code,
        applied_on,
        coalesce(accepted_on, decided_on) as accepted_on,
        decided_on,
    from fct_repair
    where
        applied_on >= cast(:start as date)
        and applied_on < cast(:end as date)
        and applied_on <= (select cast(as_of as date) from snapshot_info)
        and repair_id <> all(cast(:hidden as varchar[]))
        and batch_id <> all(cast(:revoked as varchar[]))
        and community_code = any(cast(:communities as varchar[]))
),

step as (
    -- One step of one application that has begun, with its days and whether it has ended.
    select
        county_code,
        'accept' as step,
        date_diff('day', applied_on, coalesce(accepted_on, (select cast(as_of as date) from snapshot_info))) as days,
        accepted_on is not null as is_done,
    from application
    union all
    select
        county_code,
        'decide' as step,
        date_diff('day', accepted_on, coalesce(decided_on, (select cast(as_of as date) from snapshot_info))) as days,
        decided_on is not null as is_done,
    from application
    where accepted_on is not null
    union all
    select
        county_code,
        'whole' as step,
        date_diff('day', applied_on, coalesce(decided_on, (select cast(as_of as date) from snapshot_info))) as days,
        decided_on is not null as is_done,
    from application
)

select
    county_code,
    step,
    days,
    is_done,
    count(*) as n,
from step
where days >= 0
group by county_code, step, days, is_done
order by county_code, step, days, is_done

-- name: months(start, end, communities, hidden, revoked)
-- One month and county with the applications that came and were decided in it, and those open as it ended or by the data time.
with month as (
    -- One month that the range touches and that has begun, with the day after its end.
    select
        cast(first_day as date) as month_start,
        cast(first_day + interval '1 month' as date) as month_end,
    from
        generate_series(
            date_trunc('month', cast(:start as date)),
            cast(
                least(cast(:end as date), (select cast(as_of as date) from snapshot_info)) - interval '1 day' as timestamp
            ),
            interval '1 month'
        ) as months(first_day)
),

application as (
    -- One application with its days.
    select county_code, applied_on, decided_on, result
    from fct_repair
    where
        repair_id <> all(cast(:hidden as varchar[]))
        and batch_id <> all(cast(:revoked as varchar[]))
        and community_code = any(cast(:communities as varchar[]))
)

select
    month.month_start,
    application.county_code,
    count(*) filter (where application.applied_on >= month.month_start and application.applied_on < month.month_end) as n_applied,
    count(*) filter (where application.decided_on >= month.month_start and application.decided_on < month.month_end) as n_decided,
    count(*) filter (
        where
            application.result = '同意'
            and application.decided_on >= month.month_start
            and application.decided_on < month.month_end
    ) as n_granted,
    count(*) filter (
        where
            application.applied_on < month.month_end
            and (application.decided_on is null or application.decided_on >= month.month_end)
    ) as n_open,
from month
left join application on application.applied_on < month.month_end
group by month.month_start, application.county_code
order by month.month_start, application.county_code

-- name: backlog(limit, communities, today, hidden, revoked)
-- One application not decided yet whose penalty is still shown, the one that has waited longest on top; at most :limit of a county, `total` of all of it.
select
    repair.repair_id,
    repair.penalty_id,
    penalty.uscc,
    penalty.enterprise_name,
    penalty.county_code,
    penalty.county_name,
    penalty.authority,
    penalty.class_name,
    repair.applied_on,
    repair.accepted_on,
    date_diff('day', repair.applied_on, (select cast(as_of as date) from snapshot_info)) as days,
    count(*) over (partition by penalty.county_code) as total,
from fct_repair as repair
inner join fct_penalty as penalty on penalty.penalty_id = repair.penalty_id
where
    repair.decided_on is null
    and penalty.is_public
    and penalty.visible_from <= cast(:today as date)
    and penalty.visible_until > cast(:today as date)
    and penalty.penalty_id <> all(cast(:hidden as varchar[]))
    and repair.repair_id <> all(cast(:hidden as varchar[]))
    and penalty.batch_id <> all(cast(:revoked as varchar[]))
    and repair.batch_id <> all(cast(:revoked as varchar[]))
    and penalty.community_code = any(cast(:communities as varchar[]))
qualify row_number() over (partition by penalty.county_code order by repair.applied_on, repair.repair_id) <= cast(:limit as bigint)
order by repair.applied_on, repair.repair_id
