-- One application to repair the credit record of a penalty.
select
    repair.repair_id,
    repair.penalty_id,
    repair.uscc,
    case when cast(repair.noticed_on as timestamp) < build.as_of then repair.noticed_on end as noticed_on,
    case when cast(repair.reminded_on as timestamp) < build.as_of then repair.reminded_on end as reminded_on,
    repair.applied_on,
    case when cast(repair.accepted_on as timestamp) < build.as_of then repair.accepted_on end as accepted_on,
    case when cast(repair.decided_on as timestamp) < build.as_of then repair.decided_on end as decided_on,
    case when cast(repair.decided_on as timestamp) >= build.as_of then '办理中' else repair.result end as result,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    repair._batch as batch_id,
from lake_repair as repair
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = repair.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
where cast(repair.applied_on as timestamp) < build.as_of
order by repair.applied_on, repair.repair_id
