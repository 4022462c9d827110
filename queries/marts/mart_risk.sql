-- One firm of the register and month with its risk class as the month ended, by the rules in force then.
with scored as (
    -- One firm and month with its points in hundredths; a firm without any fact has none.
    select
        month.month_start,
        month.known_before,
        month.version,
        firm.uscc,
        firm.community_code,
        firm.county_code,
        firm.industry_section,
        firm.sector_code,
        firm.park_code,
        coalesce(score.general_hundredths, 0) as general_hundredths,
        coalesce(score.sector_hundredths, 0) as sector_hundredths,
        greatest(coalesce(score.general_hundredths, 0) + coalesce(score.sector_hundredths, 0), 0) as hundredths,
        coalesce(score.floor_rank, 1) as floor_rank,
    from config_risk_month as month
    inner join dim_enterprise as firm
        on
            (firm.registered_on is null or firm.registered_on < month.known_before)
            and coalesce(firm.status, '存续') not in ('注销', '迁出')
    left join int_risk_score as score on score.month_start = month.month_start and score.uscc = firm.uscc
),

ranked as (
    -- One firm and month with the rank of its class, from 1 for A to 4 for D.
    select
        scored.*,
        greatest(
            scored.floor_rank,
            case
                when scored.hundredths >= version.limit_d * 100 then 4
                when scored.hundredths >= version.limit_c * 100 then 3
                when scored.hundredths >= version.limit_b * 100 then 2
                else 1
            end
        ) as class_rank,
    from scored
    inner join config_risk_version as version on version.version = scored.version
)

select
    uscc,
    month_start,
    case class_rank when 1 then 'A' when 2 then 'B' when 3 then 'C' else 'D' end as risk_class,
    cast(general_hundredths as double) / 100 as general_score,
    cast(sector_hundredths as double) / 100 as sector_score,
    cast(hundredths as double) / 100 as score,
    version,
    known_before,
    community_code,
    county_code,
    industry_section,
    sector_code,
    park_code,
from ranked
order by month_start, uscc
