-- One policy matched to one enterprise.
select
    policy_match.match_id,
    policy_match.policy_id,
    policy_match.uscc,
    policy_match.matched_on,
    case when cast(policy_match.served_on as timestamp) < build.as_of then policy_match.served_on end as served_on,
    policy_match.service,
    policy_match.amount,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    policy_match._batch as batch_id,
from lake_policy_match as policy_match
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = policy_match.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
where cast(policy_match.matched_on as timestamp) < build.as_of
order by policy_match.matched_on, policy_match.match_id
