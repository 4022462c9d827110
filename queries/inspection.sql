-- name: visits(communities, revoked)
-- One visit with the class that the firm had at the end of the month before, its size and industry; the earliest first.
select
    inspection_id,
    uscc,
    arm,
    stage,
    departments,
    inspected_on,
    probability as pi,
    has_problem,
    action,
    county_code,
    county_name,
    industry_section,
    industry_name,
    size,
    risk_class,
from mart_inspection
where
    community_code = any(cast(:communities as varchar[]))
    and not batch_id = any(cast(:revoked as varchar[]))
order by inspected_on, inspection_id

-- name: base(communities)
-- One county, size, industry and class of the newest month with the firms in it: what inspections are held against.
with newest as (
    -- One row: the newest month that has classes.
    select max(month_start) as month_start from mart_risk_cell
)

select
    firm.county_code,
    firm.county_name,
    coalesce(firm.size, '未填') as size,
    firm.industry_section,
    firm.industry_name,
    risk.risk_class,
    count(*) as n,
from mart_risk as risk
inner join newest on risk.month_start = newest.month_start
inner join dim_enterprise as firm on firm.uscc = risk.uscc
where risk.community_code = any(cast(:communities as varchar[]))
group by all
order by firm.county_code, size, firm.industry_section, risk.risk_class

-- name: frame(at, months, communities, revoked)
-- One firm that could be drawn, with its class of the newest month and its routine visits in the :months months before :at; by code.
with newest as (
    -- One row: the newest month that has classes.
    select max(month_start) as month_start from mart_risk_cell
),

visited as (
    -- One firm with its routine visits in the months before.
    select
        uscc,
        count(*) as visits,
    from fct_inspection
    where
        arm in ('风险', '随机')
        and inspected_on >= cast(:at as date) - cast(:months as integer) * interval '1 month'
        and inspected_on < cast(:at as date)
        and not batch_id = any(cast(:revoked as varchar[]))
    group by uscc
)

select
    firm.uscc,
    firm.name,
    risk.risk_class,
    firm.status,
    firm.size,
    firm.industry_name as industry,
    firm.county_name as county,
    firm.sector_name as sector,
    coalesce(visited.visits, 0) as visits,
from dim_enterprise as firm
left join newest on true
left join mart_risk as risk on risk.month_start = newest.month_start and risk.uscc = firm.uscc
left join visited on visited.uscc = firm.uscc
where
    firm.community_code = any(cast(:communities as varchar[]))
    and not firm.batch_id = any(cast(:revoked as varchar[]))
order by firm.uscc

-- name: list(start, end, county, arm, found, limit, skip, communities, revoked)
-- One visit of the days asked for, by county and arm ('' for all) and whether something was found ('' for all, else 是 or 否), the latest first.
select
    visit.inspection_id,
    visit.inspected_on,
    visit.uscc,
    visit.enterprise_name,
    visit.county_name,
    visit.industry_name,
    visit.arm,
    visit.departments,
    visit.has_problem,
    visit.problem_kind,
    visit.action,
    count(*) over () as total,
from fct_inspection as visit
where
    visit.inspected_on >= cast(:start as date)
    and visit.inspected_on < cast(:end as date)
    and (cast(:county as varchar) = '' or visit.county_code = cast(:county as varchar))
    and (cast(:arm as varchar) = '' or visit.arm = cast(:arm as varchar))
    and (cast(:found as varchar) = '' or visit.has_problem = (cast(:found as varchar) = '是'))
    and visit.community_code = any(cast(:communities as varchar[]))
    and not visit.batch_id = any(cast(:revoked as varchar[]))
order by visit.inspected_on desc, visit.inspection_id
limit :limit offset :skip
