-- One version of the rules of the risk classes, with the fingerprint of its contents.
select
    version,
    title,
    starts_on,
    ends_on,
    limit_b,
    limit_c,
    limit_d,
    rule_hash,
from config_risk_version
order by starts_on
