-- One reason for which a firm has points in a month, its facts together and held by the rule's cap.
with summed as (
    -- One reason of a firm in a month before the cap; whole numbers, so that no order of facts matters.
    select
        month_start,
        uscc,
        reason_code,
        count(*) as facts,
        sum(hundredths) as hundredths,
        max(floor_rank) as floor_rank,
        bool_or(is_veto) as is_veto,
    from int_risk_point
    group by month_start, uscc, reason_code
)

select
    summed.month_start,
    month.is_newest,
    summed.uscc,
    summed.reason_code,
    rule.scope,
    summed.facts,
    greatest(least(summed.hundredths, rule.most * 100), -rule.most * 100) as hundredths,
    summed.floor_rank,
    summed.is_veto,
from summed
inner join config_risk_month as month on month.month_start = summed.month_start
inner join config_risk_rule as rule on rule.version = month.version and rule.reason_code = summed.reason_code
