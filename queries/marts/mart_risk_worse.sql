-- One earlier month and firm whose class was better then than it is in the newest month.
with newest as (
    -- One firm with its class in the newest month.
    select
        uscc,
        risk_class,
    from mart_risk
    where month_start = (select max(month_start) from mart_risk)
)

select
    earlier.month_start,
    earlier.uscc,
from mart_risk as earlier
inner join newest on newest.uscc = earlier.uscc
where earlier.risk_class < newest.risk_class
order by earlier.month_start, earlier.uscc
