-- One case of dishonesty found, pressed and treated.
select
    enforcement.case_id,
    enforcement.uscc,
    enforcement.kind,
    enforcement.discovered_on,
    case when cast(enforcement.pushed_on as timestamp) < build.as_of then enforcement.pushed_on end as pushed_on,
    case when cast(enforcement.warned_on as timestamp) < build.as_of then enforcement.warned_on end as warned_on,
    case when cast(enforcement.treated_on as timestamp) < build.as_of then enforcement.treated_on end as treated_on,
    case when cast(enforcement.shown_on as timestamp) < build.as_of then enforcement.shown_on end as shown_on,
    case when cast(enforcement.notice_on as timestamp) < build.as_of then enforcement.notice_on end as notice_on,
    case when cast(enforcement.commitment_on as timestamp) < build.as_of then enforcement.commitment_on end as commitment_on,
    enforcement.commitment_until,
    case when cast(enforcement.reminded_on as timestamp) < build.as_of then enforcement.reminded_on end as reminded_on,
    enforcement.outcome,
    case when cast(enforcement.closed_on as timestamp) < build.as_of then enforcement.closed_on end as closed_on,
    enforcement.amount,
    enforcement.debtor_kind,
    coalesce(enforcement.shown_on, enforcement.discovered_on) as visible_from,
    least(
        case when enforcement.outcome = '退出' and cast(enforcement.closed_on as timestamp) < build.as_of then enforcement.closed_on end,
        revoked.revoked_on
    ) as visible_until,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    enforcement._batch as batch_id,
from lake_enforcement as enforcement
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = enforcement.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
left join config_revoked as revoked on revoked.record_id = enforcement.case_id
where cast(enforcement.discovered_on as timestamp) < build.as_of
order by enforcement.discovered_on, enforcement.case_id
