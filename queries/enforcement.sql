-- name: funnel(start, end, communities, revoked)
-- One county, kind of case and debtor found in the range with how many came how far, on both ways, and how they ended.
select
    county_code,
    kind,
    coalesce(debtor_kind, '') as debtor_kind,
    count(*) as n,
    count(pushed_on) as n_pushed,
    count(warned_on) as n_warned,
    count(treated_on) as n_treated,
    count(shown_on) as n_shown,
    count(notice_on) as n_noticed,
    count(commitment_on) as n_committed,
    count(reminded_on) as n_reminded,
    count(*) filter (where outcome = '退出' and closed_on is not null) as n_left,
    count(*) filter (where outcome = '惩戒' and closed_on is not null) as n_punished,
    count(*) filter (where closed_on is null) as n_open,
    count(*) filter (where outcome = '退出' and closed_on is not null and commitment_on is not null) as n_left_committed,
    count(*) filter (where closed_on is not null) as n_closed,
    coalesce(sum(amount), 0) as amount,
    coalesce(sum(amount) filter (where closed_on is null), 0) as amount_open,
from fct_enforcement
where
    discovered_on >= cast(:start as date)
    and discovered_on < cast(:end as date)
    and batch_id <> all(cast(:revoked as varchar[]))
    and community_code = any(cast(:communities as varchar[]))
group by county_code, kind, coalesce(debtor_kind, '')
order by county_code, kind, coalesce(debtor_kind, '')

-- name: ends(start, end, communities, revoked)
-- One county and kind of case with those closed in the range, whenever they were found: how many left by themselves, and after a notice.
select
    county_code,
    kind,
    count(*) as n_closed,
    count(*) filter (where outcome = '退出') as n_left,
    count(*) filter (where outcome = '退出' and notice_on is not null) as n_left_noticed,
    count(*) filter (where outcome = '惩戒') as n_punished,
from fct_enforcement
where
    closed_on >= cast(:start as date)
    and closed_on < cast(:end as date)
    and batch_id <> all(cast(:revoked as varchar[]))
    and community_code = any(cast(:communities as varchar[]))
group by county_code, kind
order by county_code, kind

-- name: waits(start, end, communities, revoked)
-- One county, kind, step of the cases found in the range and number of days with how many took it or, where open, have waited as long by the data time.
with found as (
    -- One case with its days; a step that was left out is taken with the next.
    select
        county_code,
        kind,
        discovered_on,
        coalesce(pushed_on, warned_on, treated_on, closed_on) as pushed_on,
        coalesce(warned_on, treated_on, closed_on) as warned_on,
        coalesce(treated_on, closed_on) as treated_on,
        shown_on,
        notice_on,
        commitment_on,
        reminded_on,
        closed_on,
    from fct_enforcement
    where
        discovered_on >= cast(:start as date)
        and discovered_on < cast(:end as date)
        and discovered_on <= (select cast(as_of as date) from snapshot_info)
        and batch_id <> all(cast(:revoked as varchar[]))
        and community_code = any(cast(:communities as varchar[]))
),

step as (
    -- One step of one case that has begun; a case closed without a commitment counts as waiting for one to the end.
    select county_code, kind, 'push' as step, discovered_on as began_on, pushed_on as done_on
    from found
    union all
    select county_code, kind, 'warn' as step, pushed_on as began_on, warned_on as done_on
    from found
    union all
    select county_code, kind, 'treat' as step, warned_on as began_on, treated_on as done_on
    from found
    union all
    select county_code, kind, 'close' as step, discovered_on as began_on, closed_on as done_on
    from found
    union all
    select county_code, kind, 'commit' as step, notice_on as began_on, commitment_on as done_on
    from found
    union all
    select county_code, kind, 'settle' as step, commitment_on as began_on, closed_on as done_on
    from found
)

select
    county_code,
    kind,
    step,
    date_diff('day', began_on, coalesce(done_on, (select cast(as_of as date) from snapshot_info))) as days,
    done_on is not null as is_done,
    count(*) as n,
from step
where began_on is not null and date_diff('day', began_on, coalesce(done_on, (select cast(as_of as date) from snapshot_info))) >= 0
group by all
order by county_code, kind, step, days, is_done

-- name: stuck(limit, communities, today, hidden, revoked)
-- One open case with the step it stands at, the one that has stood there longest on top; at most :limit of a county and kind, `total` of all of them.
select
    case_id,
    uscc,
    enterprise_name,
    county_code,
    county_name,
    kind,
    debtor_kind,
    amount,
    discovered_on,
    commitment_until,
    stands,
    since,
    date_diff('day', since, (select cast(as_of as date) from snapshot_info)) as days,
    coalesce(stands = '承诺期内' and commitment_until < cast(:today as date), false) as is_lapsed,
    count(*) over (partition by county_code, kind) as total,
from mart_enforcement_open
where
    (visible_until is null or visible_until > cast(:today as date))
    and case_id <> all(cast(:hidden as varchar[]))
    and batch_id <> all(cast(:revoked as varchar[]))
    and community_code = any(cast(:communities as varchar[]))
qualify row_number() over (partition by county_code, kind order by since, case_id) <= cast(:limit as bigint)
order by since, case_id

-- name: stands(long_days, communities, today, hidden, revoked)
-- One county, kind and step with the open cases that stand at it: how many, of them for longer than some days or past their commitment, the longest.
select
    county_code,
    kind,
    stands,
    count(*) as n,
    count(*) filter (
        where date_diff('day', since, (select cast(as_of as date) from snapshot_info)) > cast(:long_days as bigint)
    ) as n_long,
    count(*) filter (where stands = '承诺期内' and commitment_until < cast(:today as date)) as n_lapsed,
    max(date_diff('day', since, (select cast(as_of as date) from snapshot_info))) as days,
from mart_enforcement_open
where
    (visible_until is null or visible_until > cast(:today as date))
    and case_id <> all(cast(:hidden as varchar[]))
    and batch_id <> all(cast(:revoked as varchar[]))
    and community_code = any(cast(:communities as varchar[]))
group by county_code, kind, stands
order by county_code, kind, stands

-- name: months(start, end, communities, revoked)
-- One month and county with the cases found and closed in it, those that left, and the stock and its amount as it ended or by the data time.
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

found as (
    -- One case with its days and amount.
    select county_code, kind, debtor_kind, discovered_on, closed_on, outcome, coalesce(amount, 0) as amount
    from fct_enforcement
    where
        batch_id <> all(cast(:revoked as varchar[]))
        and community_code = any(cast(:communities as varchar[]))
)

select
    month.month_start,
    found.county_code,
    count(*) filter (where found.discovered_on >= month.month_start) as n_found,
    count(*) filter (where found.closed_on >= month.month_start and found.closed_on < month.month_end) as n_closed,
    count(*) filter (
        where found.outcome = '退出' and found.closed_on >= month.month_start and found.closed_on < month.month_end
    ) as n_left,
    count(found.discovered_on) filter (where found.closed_on is null or found.closed_on >= month.month_end) as n_open,
    count(*) filter (
        where found.kind = '账款拖欠' and (found.closed_on is null or found.closed_on >= month.month_end)
    ) as n_arrears,
    coalesce(
        sum(found.amount) filter (
            where found.kind = '账款拖欠' and (found.closed_on is null or found.closed_on >= month.month_end)
        ),
        0
    ) as amount_arrears,
    count(*) filter (
        where found.debtor_kind = '机关事业' and (found.closed_on is null or found.closed_on >= month.month_end)
    ) as n_government,
    count(*) filter (where found.kind = '失信被执行' and found.closed_on >= month.month_start and found.closed_on < month.month_end)
        as n_executed_closed,
    count(*) filter (
        where
            found.kind = '失信被执行'
            and found.outcome = '退出'
            and found.closed_on >= month.month_start
            and found.closed_on < month.month_end
    ) as n_executed_left,
from month
left join found on found.discovered_on < month.month_end
group by month.month_start, found.county_code
order by month.month_start, found.county_code
