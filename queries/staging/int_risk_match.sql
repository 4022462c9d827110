-- One fact about a firm that a rule of a version gives points for, with the days on which it counts.
with narrowed as (
    -- One rule of a version with whether it asks for certain types of record or supervised sectors.
    select
        rule.version,
        rule.reason_code,
        rule.fact,
        rule.least,
        rule.below,
        rule.points,
        rule.decays,
        rule.lasts_days,
        rule.floor_rank,
        rule.is_veto,
        kind.type_code,
        sector.sector_code,
    from config_risk_rule as rule
    left join config_risk_type as kind on kind.reason_code = rule.reason_code
    left join config_risk_sector as sector on sector.reason_code = rule.reason_code
)

select
    fact.uscc,
    rule.version,
    rule.reason_code,
    fact.event_id,
    fact.happened_on,
    fact.known_on,
    fact.gone_on,
    fact.batch_id,
    rule.points,
    rule.decays,
    rule.lasts_days,
    rule.floor_rank,
    rule.is_veto,
from int_risk_fact as fact
inner join narrowed as rule on rule.fact = fact.fact and coalesce(rule.type_code, '') = fact.type_code
inner join dim_enterprise as firm on firm.uscc = fact.uscc
where
    (rule.least is null or fact.amount >= rule.least)
    and (rule.below is null or fact.amount < rule.below)
    and (rule.sector_code is null or rule.sector_code = firm.sector_code)
