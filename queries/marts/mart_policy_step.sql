-- One condition of one policy, with how many enterprises meet it and all conditions before it.
with firms as (
    -- One policy with the number of enterprises it was held against.
    select
        policy_id,
        count(*) as firms,
    from int_policy_firm
    group by policy_id
),

unmet as (
    -- One condition that is the first not met, with the number of enterprises.
    select
        policy_id,
        first_unmet,
        count(*) as n,
    from int_policy_firm
    where first_unmet is not null
    group by policy_id, first_unmet
)

select
    condition.policy_id,
    condition.number,
    condition.wording,
    firms.firms,
    firms.firms - cast(coalesce(sum(unmet.n), 0) as bigint) as n,
from config_policy_condition as condition
inner join firms on firms.policy_id = condition.policy_id
left join unmet on unmet.policy_id = condition.policy_id and unmet.first_unmet <= condition.number
group by condition.policy_id, condition.number, condition.wording, firms.firms
order by condition.policy_id, condition.number
