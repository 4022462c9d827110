-- One fact that gives a firm points in a month, in hundredths after decay.
with counted as (
    -- One fact that was known and not gone as the month ended, with its age in days.
    select
        month.month_start,
        month.is_newest,
        month.version,
        fact.uscc,
        fact.reason_code,
        fact.event_id,
        fact.happened_on,
        fact.gone_on,
        fact.batch_id,
        fact.points,
        fact.decays,
        fact.floor_rank,
        fact.is_veto,
        fact.lasts_days,
        coalesce(date_diff('day', fact.happened_on, month.known_before), 0) as age_days,
    from int_risk_match as fact
    inner join config_risk_month as month
        on
            month.version = fact.version
            and fact.known_on < month.known_before
            and (fact.gone_on is null or fact.gone_on > month.known_before)
)

select
    counted.month_start,
    counted.is_newest,
    counted.uscc,
    counted.reason_code,
    counted.event_id,
    counted.happened_on,
    counted.gone_on,
    counted.batch_id,
    counted.points * (case when counted.decays then decay.percent else 100 end) as hundredths,
    counted.floor_rank,
    counted.is_veto,
from counted
inner join config_risk_decay as decay
    on
        decay.version = counted.version
        and counted.age_days >= decay.from_days
        and counted.age_days < decay.below_days
where counted.lasts_days is null or counted.age_days < counted.lasts_days
