-- One reason of the risk classes in words.
select
    reason_code,
    dimension,
    scope,
    name,
    wording,
    source,
    is_assumption,
from config_risk_reason
order by reason_code
