-- One reason for the class that a firm has in the newest month.
select
    reason.uscc,
    reason.reason_code,
    cast(reason.hundredths as double) / 100 as points,
    reason.facts,
    case reason.floor_rank when 1 then '' when 2 then 'B' when 3 then 'C' else 'D' end as floor_class,
    reason.is_veto,
    risk.community_code,
from int_risk_reason as reason
inner join mart_risk as risk on risk.uscc = reason.uscc and risk.month_start = reason.month_start
where reason.is_newest
order by reason.uscc, reason.reason_code
