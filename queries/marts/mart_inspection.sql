-- One visit with the class that the firm had at the end of the month before it, and its size.
with known as (
    -- One visit of a firm that had a class then.
    select
        visit.inspection_id,
        risk.risk_class,
    from mart_risk as risk
    inner join fct_inspection as visit
        on risk.uscc = visit.uscc
        and risk.month_start = cast(cast(date_trunc('month', visit.inspected_on) as date) - interval '1 month' as date)
)

select
    visit.inspection_id,
    visit.uscc,
    visit.arm,
    visit.stage,
    visit.departments,
    visit.inspected_on,
    visit.probability,
    visit.has_problem,
    visit.action,
    visit.county_code,
    visit.county_name,
    visit.community_code,
    visit.industry_section,
    visit.industry_name,
    firm.size,
    known.risk_class,
    visit.batch_id,
from fct_inspection as visit
left join dim_enterprise as firm on firm.uscc = visit.uscc
left join known on known.inspection_id = visit.inspection_id
order by visit.inspected_on, visit.inspection_id
