-- One fact behind the class that a firm has in the newest month; the register's own attributes are left out.
select
    point.uscc,
    point.reason_code,
    point.event_id,
    point.happened_on,
    point.gone_on as visible_until,
    cast(point.hundredths as double) / 100 as points,
    risk.community_code,
    point.batch_id,
from int_risk_point as point
inner join mart_risk as risk on risk.uscc = point.uscc and risk.month_start = point.month_start
where point.is_newest and point.event_id <> point.uscc
order by point.uscc, point.reason_code, point.event_id
