-- name: steps(start, end, communities, revoked)
-- One county × industry × size × whether white-listed of the firms registered on the platform in the range: firms by how far any of their loans came, loans due and overdue, and the money of all loans.
with clock as (
    -- The day of the data.
    select cast(as_of as date) as day
    from snapshot_info
),

firm as (
    -- One firm with the loans that it registered in the range.
    select
        loan.county_code,
        loan.industry_section,
        loan.industry_name,
        loan.size,
        loan.uscc,
        count(loan.whitelisted_on) > 0 as is_listed,
        count(loan.granted_on) > 0 as is_granted,
        count(loan.drawn_on) > 0 as is_drawn,
        count(*) filter (where loan.drawn_on is not null and loan.repaid_on is not null) > 0 as is_repaid,
        count(*) filter (where loan.drawn_on is not null and loan.due_on < clock.day) as n_due,
        count(*) filter (where loan.drawn_on is not null and loan.due_on < clock.day and loan.overdue_days > 0) as n_overdue,
        count(*) filter (where loan.drawn_on is not null and loan.due_on < clock.day and loan.overdue_days > 90) as n_late,
        sum(loan.granted_amount) filter (where loan.granted_on is not null) as granted_amount,
        sum(loan.drawn_amount) filter (where loan.drawn_on is not null) as drawn_amount,
        sum(loan.drawn_amount) filter (where loan.drawn_on is not null and loan.repaid_on is not null) as repaid_amount,
    from fct_loan as loan
    cross join clock
    where
        loan.registered_on >= cast(:start as date)
        and loan.registered_on < cast(:end as date)
        and loan.batch_id <> all(cast(:revoked as varchar[]))
        and loan.community_code = any(cast(:communities as varchar[]))
    group by loan.county_code, loan.industry_section, loan.industry_name, loan.size, loan.uscc
)

select
    county_code,
    industry_section,
    industry_name,
    size,
    is_listed,
    count(*) as n,
    count(*) filter (where is_granted) as n_granted,
    count(*) filter (where is_drawn) as n_drawn,
    count(*) filter (where is_repaid) as n_repaid,
    cast(sum(n_due) as bigint) as n_due,
    cast(sum(n_overdue) as bigint) as n_overdue,
    cast(sum(n_late) as bigint) as n_late,
    coalesce(sum(granted_amount), 0) as granted_amount,
    coalesce(sum(drawn_amount), 0) as drawn_amount,
    coalesce(sum(repaid_amount), 0) as repaid_amount,
from firm
group by county_code, industry_section, industry_name, size, is_listed
order by county_code, industry_section, size, is_listed

-- name: months(start, end, communities, revoked)
-- One month and county with the credit granted and the loans drawn in it.
with paid as (
    -- One day of a grant or a loan with its amount.
    select
        county_code,
        granted_on as day,
        granted_amount,
        0 as drawn_amount,
        1 as n_granted,
        0 as n_drawn,
    from fct_loan
    where
        granted_on >= cast(:start as date)
        and granted_on < cast(:end as date)
        and batch_id <> all(cast(:revoked as varchar[]))
        and community_code = any(cast(:communities as varchar[]))
    union all
    select
        county_code,
        drawn_on as day,
        0 as granted_amount,
        drawn_amount,
        0 as n_granted,
        1 as n_drawn,
    from fct_loan
    where
        drawn_on >= cast(:start as date)
        and drawn_on < cast(:end as date)
        and batch_id <> all(cast(:revoked as varchar[]))
        and community_code = any(cast(:communities as varchar[]))
)

select
    cast(date_trunc('month', day) as date) as month_start,
    county_code,
    coalesce(sum(granted_amount), 0) as granted_amount,
    coalesce(sum(drawn_amount), 0) as drawn_amount,
    sum(n_granted) as n_granted,
    sum(n_drawn) as n_drawn,
from paid
group by cast(date_trunc('month', day) as date), county_code
order by month_start, county_code

-- name: waits(start, end, communities, revoked)
-- One county, step of the loans registered in the range and number of days with how many took it or, where open, have waited as long by the data time.
with business as (
    -- One loan on the platform, from its registration on.
    select
        county_code,
        registered_on,
        whitelisted_on,
        granted_on,
        drawn_on,
    from fct_loan
    where
        registered_on >= cast(:start as date)
        and registered_on < cast(:end as date)
        and batch_id <> all(cast(:revoked as varchar[]))
        and community_code = any(cast(:communities as varchar[]))
),

step as (
    -- One step that has begun, with its days and whether it has ended; who is never listed does not wait to be.
    select
        county_code,
        'list' as step,
        date_diff('day', registered_on, whitelisted_on) as days,
        true as is_done,
    from business
    where whitelisted_on is not null
    union all
    select
        county_code,
        'grant' as step,
        date_diff('day', whitelisted_on, coalesce(granted_on, (select cast(as_of as date) from snapshot_info))) as days,
        granted_on is not null as is_done,
    from business
    where whitelisted_on is not null
    union all
    select
        county_code,
        'draw' as step,
        date_diff('day', granted_on, coalesce(drawn_on, (select cast(as_of as date) from snapshot_info))) as days,
        drawn_on is not null as is_done,
    from business
    where granted_on is not null
)

select
    county_code,
    step,
    greatest(days, 0) as days,
    is_done,
    count(*) as n,
from step
group by county_code, step, greatest(days, 0), is_done
order by county_code, step, days, is_done

-- name: features(purpose, county, communities, today, hidden, revoked)
-- One loan whose end is known, with what was public of its firm before the grant (purpose train), or one firm registered on the platform, by its newest application, with what is public today (purpose score).
with subject as (
    -- One loan and the day before which its firm is looked at; to score, one firm with how far any of its loans came.
    select
        loan.loan_id,
        loan.uscc,
        loan.enterprise_name,
        loan.county_name,
        loan.industry_name,
        loan.overdue_days,
        case
            when :purpose = 'train' then loan.bank
            else first_value(loan.bank) over (
                partition by loan.uscc
                order by loan.granted_on desc nulls last, loan.registered_on desc, loan.loan_id desc
            )
        end as bank,
        case
            when :purpose = 'train' then loan.whitelisted_on
            else max(loan.whitelisted_on) over (partition by loan.uscc)
        end as whitelisted_on,
        case
            when :purpose = 'train' then loan.granted_on
            else max(loan.granted_on) over (partition by loan.uscc)
        end as granted_on,
        case when :purpose = 'train' then loan.granted_on else cast(:today as date) end as day,
        loan.drawn_on is not null and loan.due_on < (select cast(as_of as date) from snapshot_info) as is_ended,
    from fct_loan as loan
    where
        (:purpose = 'score' or (loan.drawn_on is not null and loan.granted_on is not null))
        and loan.batch_id <> all(cast(:revoked as varchar[]))
        and loan.community_code = any(cast(:communities as varchar[]))
        and (:county = '' or loan.county_code = :county)
    qualify
        :purpose = 'train'
        or row_number() over (partition by loan.uscc order by loan.registered_on desc, loan.loan_id desc) = 1
),

penalised as (
    -- One subject with the penalties of two years that were public before its day.
    select
        subject.loan_id,
        count(*) as n,
        count(*) filter (where penalty.severity = '严重') as n_serious,
        coalesce(sum(penalty.amount), 0) as amount,
        count(*) filter (where penalty.fulfilled_on is null or penalty.fulfilled_on >= subject.day) as n_unfulfilled,
    from subject
    inner join fct_penalty as penalty
        on penalty.uscc = subject.uscc
        and penalty.visible_from < subject.day
        and penalty.visible_from >= cast(subject.day - interval '24 months' as date)
        and (penalty.visible_until is null or penalty.visible_until > subject.day)
    where
        penalty.is_public
        and penalty.penalty_id <> all(cast(:hidden as varchar[]))
        and penalty.batch_id <> all(cast(:revoked as varchar[]))
    group by subject.loan_id
),

watched as (
    -- One subject with the cases of dishonesty of two years known before its day.
    select
        subject.loan_id,
        count(*) as n,
    from subject
    inner join fct_enforcement as enforcement
        on enforcement.uscc = subject.uscc
        and enforcement.visible_from < subject.day
        and enforcement.visible_from >= cast(subject.day - interval '24 months' as date)
        and (enforcement.visible_until is null or enforcement.visible_until > subject.day)
    where
        enforcement.case_id <> all(cast(:hidden as varchar[]))
        and enforcement.batch_id <> all(cast(:revoked as varchar[]))
    group by subject.loan_id
),

told as (
    -- One subject with the telling records of two years that were public before its day.
    select
        subject.loan_id,
        count(*) filter (where event.polarity = '失信') as n_bad,
        count(*) filter (where event.polarity = '守信') as n_good,
    from subject
    inner join fct_credit_event as event
        on event.uscc = subject.uscc
        and event.visible_from < subject.day
        and event.visible_from >= cast(subject.day - interval '24 months' as date)
        and (event.visible_until is null or event.visible_until > subject.day)
    where
        event.kind = '信息'
        and event.event_id <> all(cast(:hidden as varchar[]))
        and event.batch_id <> all(cast(:revoked as varchar[]))
    group by subject.loan_id
),

listed as (
    -- One subject with the lists on which its firm stood on its day.
    select
        subject.loan_id,
        max(case when entry.list = '红名单' then 1 else 0 end) as is_red,
        max(case when entry.list = '黑名单' then 1 else 0 end) as is_black,
    from subject
    inner join fct_list_entry as entry
        on entry.uscc = subject.uscc
        and entry.entered_on < subject.day
        and (entry.visible_until is null or entry.visible_until > subject.day)
    where
        entry.entry_id <> all(cast(:hidden as varchar[]))
        and entry.batch_id <> all(cast(:revoked as varchar[]))
    group by subject.loan_id
),

visited as (
    -- One subject with the inspections of two years before its day.
    select
        subject.loan_id,
        count(*) as n,
        count(*) filter (where inspection.has_problem) as n_problem,
    from subject
    inner join fct_inspection as inspection
        on inspection.uscc = subject.uscc
        and inspection.inspected_on < subject.day
        and inspection.inspected_on >= cast(subject.day - interval '24 months' as date)
    where inspection.batch_id <> all(cast(:revoked as varchar[]))
    group by subject.loan_id
)

select
    subject.loan_id,
    subject.uscc,
    subject.enterprise_name,
    subject.county_name,
    subject.industry_name,
    subject.bank,
    subject.whitelisted_on,
    subject.granted_on,
    cast(date_trunc('month', subject.day) as date) as month_start,
    case when subject.is_ended then case when subject.overdue_days > 30 then 1 else 0 end end as bad,
    cast(greatest(date_diff('month', firm.registered_on, subject.day), 0) as double) as age_months,
    cast(firm.capital as double) as capital,
    cast(firm.staff as double) as staff,
    firm.size,
    cast(coalesce(penalised.n, 0) as double) as n_penalty_24,
    cast(coalesce(penalised.n_serious, 0) as double) as n_serious_24,
    cast(coalesce(penalised.amount, 0) as double) as penalty_amount_24,
    cast(coalesce(penalised.n_unfulfilled, 0) as double) as n_unfulfilled,
    cast(coalesce(watched.n, 0) as double) as n_enforcement_24,
    cast(coalesce(told.n_bad, 0) as double) as n_bad_24,
    cast(coalesce(told.n_good, 0) as double) as n_good_24,
    cast(coalesce(listed.is_red, 0) as double) as is_red,
    cast(coalesce(listed.is_black, 0) as double) as is_black,
    cast(coalesce(visited.n, 0) as double) as n_inspection_24,
    cast(coalesce(visited.n_problem, 0) as double) as n_problem_24,
from subject
left join dim_enterprise as firm on firm.uscc = subject.uscc
left join penalised on penalised.loan_id = subject.loan_id
left join watched on watched.loan_id = subject.loan_id
left join told on told.loan_id = subject.loan_id
left join listed on listed.loan_id = subject.loan_id
left join visited on visited.loan_id = subject.loan_id
where
    (:purpose = 'score' and coalesce(firm.status, '存续') = '存续')
    or (:purpose = 'train' and subject.is_ended)
order by subject.loan_id
