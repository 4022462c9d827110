-- One policy with its terms.
select
    policy_id,
    policy_name,
    department,
    start_on,
    service,
    amount,
    source,
    conditions,
from config_policy
order by policy_id
