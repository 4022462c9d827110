-- One merchant named honest.
select
    merchant.merchant_id,
    merchant.uscc,
    case when cast(merchant.named_on as timestamp) < build.as_of then merchant.named_on end as named_on,
    merchant.score,
    merchant.grade,
    merchant.complaints,
    merchant.community_source,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(place.community_code, firm.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    merchant._batch as batch_id,
from lake_merchant as merchant
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = merchant.uscc
left join dim_community as place on place.community_code = merchant.community_code and place.community_code <> 'none'
left join dim_community as nowhere on nowhere.community_code = 'none'
order by merchant.merchant_id
