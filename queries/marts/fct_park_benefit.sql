-- One benefit granted to an enterprise of a park.
select
    park_benefit.benefit_id,
    park_benefit.park_code,
    park_benefit.uscc,
    park_benefit.kind,
    park_benefit.amount,
    park_benefit.granted_on,
    park.name as park_name,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    park_benefit._batch as batch_id,
from lake_park_benefit as park_benefit
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = park_benefit.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
left join dim_park as park on park.park_code = park_benefit.park_code
where cast(park_benefit.granted_on as timestamp) < build.as_of
order by park_benefit.granted_on, park_benefit.benefit_id
