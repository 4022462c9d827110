-- name: firms(at, until, communities, revoked, hidden)
-- One firm of the register on the day :at with what could be seen of it then, and whether something serious happened from that day up to :until; records that a decision took away are left out altogether.
with firm as (
    -- One firm that stood in the register on the day.
    select
        uscc,
        date_diff('day', registered_on, cast(:at as date)) as age_days,
        capital,
        staff,
        coalesce(sector_code, '') as sector_code,
        industry_section,
    from dim_enterprise
    where
        community_code = any(cast(:communities as varchar[]))
        and registered_on < cast(:at as date)
        and coalesce(status, '存续') not in ('注销', '迁出')
),

fined as (
    -- One firm with the penalties that could be seen on the day, and those serious ones that came after.
    select
        uscc,
        count(*) filter (where decided_on < cast(:at as date) and severity <> '严重' and seen) as n_fined,
        count(*) filter (where decided_on < cast(:at as date) and severity = '严重' and seen) as n_serious,
        min(date_diff('day', decided_on, cast(:at as date))) filter (where decided_on < cast(:at as date) and seen) as days_fined,
        count(*) filter (
            where decided_on < cast(:at as date) and seen and (fulfilled_on is null or fulfilled_on >= cast(:at as date))
        ) as n_unpaid,
        bool_or(decided_on >= cast(:at as date) and (severity = '严重' or kind in ('吊销', '限制从业'))) as is_bad,
    from (
        select
            *,
            visible_from < cast(:at as date) and (visible_until is null or visible_until > cast(:at as date)) as seen,
        from fct_penalty
        where
            decided_on < cast(:until as date)
            and not penalty_id = any(cast(:hidden as varchar[]))
            and not batch_id = any(cast(:revoked as varchar[]))
    ) as penalty
    group by uscc
),

pressed as (
    -- One firm with the cases of dishonesty open on the day, and whether one was found after.
    select
        uscc,
        count(*) filter (
            where discovered_on < cast(:at as date) and (closed_on is null or closed_on >= cast(:at as date))
        ) as n_cases,
        bool_or(discovered_on >= cast(:at as date) and kind = '失信被执行') as is_bad,
    from fct_enforcement
    where
        discovered_on < cast(:until as date)
        and not case_id = any(cast(:hidden as varchar[]))
        and not batch_id = any(cast(:revoked as varchar[]))
    group by uscc
),

listed as (
    -- One firm with its entries in the lists on the day, and whether it was put on the black one after.
    select
        uscc,
        count(*) filter (where entered_on < cast(:at as date) and list = '黑名单' and stands) as n_black,
        count(*) filter (where entered_on < cast(:at as date) and list = '红名单' and stands) as n_red,
        bool_or(entered_on >= cast(:at as date) and list = '黑名单') as is_bad,
    from (
        select
            *,
            visible_until is null or visible_until > cast(:at as date) as stands,
        from fct_list_entry
        where
            entered_on < cast(:until as date)
            and not entry_id = any(cast(:hidden as varchar[]))
            and not batch_id = any(cast(:revoked as varchar[]))
    ) as entry
    group by uscc
),

noted as (
    -- One firm with its records that could be seen on the day.
    select
        uscc,
        count(*) filter (where polarity = '失信') as n_bad,
        count(*) filter (where polarity = '守信') as n_good,
    from fct_credit_event
    where
        kind = '信息'
        and happened_on < cast(:at as date)
        and visible_from < cast(:at as date)
        and (visible_until is null or visible_until > cast(:at as date))
        and not event_id = any(cast(:hidden as varchar[]))
        and not batch_id = any(cast(:revoked as varchar[]))
    group by uscc
),

visited as (
    -- One firm with the visits that found a problem before the day.
    select
        uscc,
        count(*) filter (where has_problem) as n_problems,
    from fct_inspection
    where inspected_on < cast(:at as date) and not batch_id = any(cast(:revoked as varchar[]))
    group by uscc
),

classified as (
    -- One firm with its class in the last month that had ended or begun by the day.
    select uscc, risk_class, score
    from mart_risk
    where month_start = (select max(month_start) from mart_risk where known_before <= cast(:at as date))
)

select
    firm.uscc,
    coalesce(classified.risk_class, '') as risk_class,
    coalesce(classified.score, 0) as score,
    firm.age_days,
    firm.capital,
    firm.staff,
    cast(firm.sector_code <> '' as integer) as in_sector,
    coalesce(fined.n_fined, 0) as n_fined,
    coalesce(fined.n_serious, 0) as n_serious,
    coalesce(fined.n_unpaid, 0) as n_unpaid,
    coalesce(fined.days_fined, 99999) as days_fined,
    coalesce(pressed.n_cases, 0) as n_cases,
    coalesce(listed.n_black, 0) as n_black,
    coalesce(listed.n_red, 0) as n_red,
    coalesce(noted.n_bad, 0) as n_bad,
    coalesce(noted.n_good, 0) as n_good,
    coalesce(visited.n_problems, 0) as n_problems,
    cast(coalesce(fined.is_bad, false) or coalesce(pressed.is_bad, false) or coalesce(listed.is_bad, false) as integer) as is_bad,
from firm
left join fined on fined.uscc = firm.uscc
left join pressed on pressed.uscc = firm.uscc
left join listed on listed.uscc = firm.uscc
left join noted on noted.uscc = firm.uscc
left join visited on visited.uscc = firm.uscc
left join classified on classified.uscc = firm.uscc
order by firm.uscc
