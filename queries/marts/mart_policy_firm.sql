-- One enterprise that meets all conditions of a policy or was matched with it before, and what has been done.
with matched as (
    -- One enterprise and policy with the first match and what came of all of them.
    select
        policy_id,
        uscc,
        min(matched_on) as matched_on,
        min(served_on) as served_on,
        max(service) as service,
        sum(case when served_on is not null then amount end) as amount,
    from fct_policy_match
    group by policy_id, uscc
),

fitting as (
    -- One enterprise that meets all conditions of a policy now.
    select
        policy_id,
        uscc,
    from int_policy_firm
    where first_unmet is null
),

pairs as (
    -- One enterprise and policy that fit or were matched.
    select
        policy_id,
        uscc,
    from fitting
    union
    select
        policy_id,
        uscc,
    from matched
)

select
    pairs.policy_id,
    pairs.uscc,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, 'none') as community_code,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.park_name,
    fitting.uscc is not null as is_fitting,
    matched.matched_on,
    matched.served_on,
    matched.service,
    matched.amount,
from pairs
left join fitting on fitting.policy_id = pairs.policy_id and fitting.uscc = pairs.uscc
left join matched on matched.policy_id = pairs.policy_id and matched.uscc = pairs.uscc
left join dim_enterprise as firm on firm.uscc = pairs.uscc
order by pairs.policy_id, pairs.uscc
