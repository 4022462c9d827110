-- One decision of an administrative penalty, with the time for which it is shown.
select
    penalty.penalty_id,
    penalty.uscc,
    penalty.document_no,
    penalty.authority,
    penalty.field,
    penalty.kind,
    penalty.severity,
    penalty.is_summary,
    penalty.amount,
    penalty.decided_on,
    case when cast(penalty.published_on as timestamp) < build.as_of then penalty.published_on end as published_on,
    case when cast(penalty.corrected_on as timestamp) < build.as_of then penalty.corrected_on end as corrected_on,
    case when cast(penalty.fulfilled_on as timestamp) < build.as_of then penalty.fulfilled_on end as fulfilled_on,
    term.repair_rule,
    term.class_code,
    term.class_name,
    term.is_public,
    term.apply_from,
    term.remind_on,
    term.remind_again_on,
    term.ready_on,
    term.ends_on,
    term.repaired_on,
    coalesce(penalty.published_on, penalty.decided_on) as visible_from,
    term.visible_until,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    penalty._batch as batch_id,
from lake_penalty as penalty
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = penalty.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
left join int_penalty_term as term on term.penalty_id = penalty.penalty_id
where cast(penalty.decided_on as timestamp) < build.as_of
order by penalty.decided_on, penalty.penalty_id
