-- One reason for the class that a firm has in the newest month, with the day from which none of its records may be seen.
with recorded as (
    -- One reason that is made of records with how many there are, and the last day of theirs.
    select
        uscc,
        reason_code,
        count(*) as records,
        count(visible_until) as ending,
        max(visible_until) as visible_until,
    from mart_risk_fact
    group by uscc, reason_code
)

select
    reason.uscc,
    reason.reason_code,
    cast(reason.hundredths as double) / 100 as points,
    reason.facts,
    case reason.floor_rank when 1 then '' when 2 then 'B' when 3 then 'C' else 'D' end as floor_class,
    reason.is_veto,
    risk.risk_class,
    risk.community_code,
    case when recorded.records = recorded.ending then recorded.visible_until end as visible_until,
from int_risk_reason as reason
inner join mart_risk as risk on risk.uscc = reason.uscc and risk.month_start = reason.month_start
left join recorded on recorded.uscc = reason.uscc and recorded.reason_code = reason.reason_code
where reason.is_newest
order by reason.uscc, reason.reason_code
