-- One visit to an enterprise in an inspection task.
select
    inspection.inspection_id,
    inspection.task_id,
    inspection.uscc,
    inspection.arm,
    inspection.stage,
    inspection.departments,
    inspection.inspected_on,
    inspection.probability,
    inspection.has_problem,
    inspection.problem_kind,
    inspection.action,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    inspection._batch as batch_id,
from lake_inspection as inspection
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = inspection.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
where cast(inspection.inspected_on as timestamp) < build.as_of
order by inspection.inspected_on, inspection.inspection_id
