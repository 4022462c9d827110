-- name: search(term, limit, communities, revoked)
-- One firm whose name, initials in pinyin or code have the term in them, exact and early hits first.
with newest as (
    -- One firm with its class in the newest month.
    select uscc, risk_class
    from mart_risk
    where month_start = (select max(month_start) from mart_risk)
)

select
    firm.uscc,
    firm.name,
    coalesce(newest.risk_class, '') as risk_class,
    firm.county_name,
    firm.community_name,
    firm.industry_name,
from dim_enterprise as firm
left join newest on newest.uscc = firm.uscc
where
    firm.community_code = any(cast(:communities as varchar[]))
    and not firm.batch_id = any(cast(:revoked as varchar[]))
    and length(cast(:term as varchar)) > 0
    and (
        contains(firm.name, cast(:term as varchar))
        or contains(firm.pinyin, lower(cast(:term as varchar)))
        or starts_with(firm.uscc, upper(cast(:term as varchar)))
    )
order by
    firm.uscc <> upper(cast(:term as varchar)),
    firm.name <> cast(:term as varchar),
    not starts_with(firm.name, cast(:term as varchar)),
    not starts_with(firm.pinyin, lower(cast(:term as varchar))),
    length(firm.name),
    firm.uscc
limit cast(:limit as bigint)

-- name: one(uscc, communities, revoked)
-- One firm of that code, as last reported, with its class in the newest month.
select
    firm.uscc,
    firm.name,
    firm.status,
    firm.registered_on,
    firm.capital,
    firm.staff,
    firm.size,
    firm.county_name,
    firm.community_code,
    firm.community_name,
    firm.industry_name,
    coalesce(firm.division_name, '') as division_name,
    coalesce(firm.sector_code, '') as sector_code,
    coalesce(firm.sector_name, '') as sector_name,
    coalesce(firm.park_name, '') as park_name,
    coalesce(risk.risk_class, '') as risk_class,
    risk.score,
    risk.general_score,
    risk.sector_score,
    risk.month_start,
    risk.known_before,
    coalesce(version.title, '') as rule_title,
    coalesce(version.rule_hash, '') as rule_hash,
from dim_enterprise as firm
left join mart_risk as risk
    on risk.uscc = firm.uscc and risk.month_start = (select max(month_start) from mart_risk)
left join mart_risk_version as version on version.version = risk.version
where
    firm.uscc = cast(:uscc as varchar)
    and firm.community_code = any(cast(:communities as varchar[]))
    and not firm.batch_id = any(cast(:revoked as varchar[]))

-- name: history(uscc, communities)
-- One month of a firm with its class and score.
select
    month_start,
    risk_class,
    score,
    version,
from mart_risk_history
where uscc = cast(:uscc as varchar) and community_code = any(cast(:communities as varchar[]))
order by month_start

-- name: reasons(uscc, communities, revoked, today, hidden)
-- One reason for a firm's class in the newest month; of its records those that may be seen today, and how many were gone since (reasons whose records are all gone are left out).
select
    reason.reason_code,
    word.dimension,
    word.scope,
    word.name,
    word.wording,
    word.source,
    word.is_assumption,
    reason.points,
    reason.floor_class,
    reason.is_veto,
    count(fact.event_id) filter (
        where (fact.visible_until is null or fact.visible_until > cast(:today as date))
        and not fact.event_id = any(cast(:hidden as varchar[]))
        and not fact.batch_id = any(cast(:revoked as varchar[]))
    ) as facts,
    count(fact.event_id) filter (
        where fact.visible_until <= cast(:today as date)
        or fact.event_id = any(cast(:hidden as varchar[]))
        or fact.batch_id = any(cast(:revoked as varchar[]))
    ) as facts_gone,
    max(fact.happened_on) filter (
        where (fact.visible_until is null or fact.visible_until > cast(:today as date))
        and not fact.event_id = any(cast(:hidden as varchar[]))
        and not fact.batch_id = any(cast(:revoked as varchar[]))
    ) as last_on,
    min(fact.visible_until) filter (
        where fact.visible_until > cast(:today as date)
        and not fact.event_id = any(cast(:hidden as varchar[]))
        and not fact.batch_id = any(cast(:revoked as varchar[]))
    ) as next_end,
from mart_risk_reason as reason
inner join dim_risk_reason as word on word.reason_code = reason.reason_code
left join mart_risk_fact as fact on fact.uscc = reason.uscc and fact.reason_code = reason.reason_code
where reason.uscc = cast(:uscc as varchar) and reason.community_code = any(cast(:communities as varchar[]))
group by all
having count(fact.event_id) = 0 or facts > 0
order by reason.points desc, reason.reason_code

-- name: gone(uscc, communities, revoked, today, hidden)
-- One firm with how many of the records behind its stored class may not be seen any more.
select
    count(distinct event_id) as n,
from mart_risk_fact
where
    uscc = cast(:uscc as varchar)
    and community_code = any(cast(:communities as varchar[]))
    and (
        visible_until <= cast(:today as date)
        or event_id = any(cast(:hidden as varchar[]))
        or batch_id = any(cast(:revoked as varchar[]))
    )
having count(*) > 0

-- name: timeline(uscc, communities, revoked, today, hidden)
-- One record of a firm that may be seen today, latest first.
select
    event_id,
    kind,
    title,
    polarity,
    coalesce(severity, '') as severity,
    happened_on,
    visible_until,
    amount,
    coalesce(authority, '') as authority,
    count(*) over () as total,
    count(*) filter (where polarity = '失信') over () as total_bad,
from fct_credit_event
where
    uscc = cast(:uscc as varchar)
    and community_code = any(cast(:communities as varchar[]))
    and visible_from <= cast(:today as date)
    and (visible_until is null or visible_until > cast(:today as date))
    and not event_id = any(cast(:hidden as varchar[]))
    and not batch_id = any(cast(:revoked as varchar[]))
order by happened_on desc, event_id
limit 500

-- name: repairs(uscc, communities, revoked, today, hidden)
-- One penalty of a firm that may be seen today, with the days of its publicity and the latest application for repair.
with asked as (
    -- One penalty with its latest application for repair.
    select
        penalty_id,
        max(applied_on) as applied_on,
        arg_max(result, applied_on) as result,
    from fct_repair
    where
        uscc = cast(:uscc as varchar)
        and not repair_id = any(cast(:hidden as varchar[]))
        and not batch_id = any(cast(:revoked as varchar[]))
    group by penalty_id
)

select
    penalty.penalty_id,
    coalesce(penalty.document_no, '') as document_no,
    penalty.kind,
    penalty.field,
    penalty.severity,
    penalty.amount,
    penalty.decided_on,
    coalesce(penalty.class_name, '') as class_name,
    penalty.is_summary,
    penalty.published_on,
    penalty.fulfilled_on,
    penalty.corrected_on,
    penalty.repaired_on,
    penalty.apply_from,
    penalty.ends_on,
    asked.applied_on,
    coalesce(asked.result, '') as result,
from fct_penalty as penalty
left join asked on asked.penalty_id = penalty.penalty_id
where
    penalty.uscc = cast(:uscc as varchar)
    and penalty.community_code = any(cast(:communities as varchar[]))
    and penalty.visible_from <= cast(:today as date)
    and (penalty.visible_until is null or penalty.visible_until > cast(:today as date))
    and not penalty.penalty_id = any(cast(:hidden as varchar[]))
    and not penalty.batch_id = any(cast(:revoked as varchar[]))
order by penalty.decided_on desc, penalty.penalty_id

-- name: inspections(uscc, communities, revoked)
-- One visit to a firm, latest first.
select
    inspected_on,
    arm,
    departments,
    has_problem,
    coalesce(problem_kind, '') as problem_kind,
    coalesce(action, '') as action,
from fct_inspection
where
    uscc = cast(:uscc as varchar)
    and community_code = any(cast(:communities as varchar[]))
    and not batch_id = any(cast(:revoked as varchar[]))
order by inspected_on desc, inspection_id

-- name: loans(uscc, communities, revoked)
-- One firm's business on the lending platform, latest first.
select
    bank,
    product,
    registered_on,
    whitelisted_on,
    granted_on,
    granted_amount,
    drawn_amount,
    due_on,
    repaid_on,
    overdue_days,
from fct_loan
where
    uscc = cast(:uscc as varchar)
    and community_code = any(cast(:communities as varchar[]))
    and not batch_id = any(cast(:revoked as varchar[]))
order by registered_on desc, loan_id

-- name: petitions(community, since, communities, revoked)
-- One first-level category with the petitions accepted since :since in a firm's community.
select
    category_1,
    count(*) as n,
    count(*) filter (where not is_closed) as n_open,
from fct_petition
where
    community_code = cast(:community as varchar)
    and community_code <> 'none'
    and accepted_day >= cast(:since as date)
    and community_code = any(cast(:communities as varchar[]))
    and not batch_id = any(cast(:revoked as varchar[]))
group by category_1
order by n desc, category_1
