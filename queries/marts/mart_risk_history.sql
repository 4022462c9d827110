-- One month of a firm with its class and score, firm by firm: mart_risk has them by month, and one firm's are all over it.
select
    uscc,
    month_start,
    risk_class,
    score,
    version,
    community_code,
from mart_risk
order by uscc, month_start
