-- One month, class, classes one month and twelve before and place of firms in all dimensions of the heat map, with how many there are.
with moved as (
    -- One firm and month with the classes it had one month and twelve before ('' where it was not classified then).
    select
        now.month_start,
        now.risk_class,
        coalesce(before.risk_class, '') as class_before,
        coalesce(year_before.risk_class, '') as class_year_before,
        now.community_code,
        coalesce(now.county_code, '') as county_code,
        coalesce(now.industry_section, '') as industry_section,
        coalesce(now.sector_code, '') as sector_code,
        coalesce(now.park_code, '') as park_code,
    from mart_risk as now
    left join mart_risk as before
        on
            before.uscc = now.uscc
            and before.month_start = cast(now.month_start - interval '1 month' as date)
    left join mart_risk as year_before
        on
            year_before.uscc = now.uscc
            and year_before.month_start = cast(now.month_start - interval '12 months' as date)
)

select
    month_start,
    risk_class,
    class_before,
    class_year_before,
    community_code,
    county_code,
    industry_section,
    sector_code,
    park_code,
    count(*) as n,
from moved
group by
    month_start, risk_class, class_before, class_year_before,
    community_code, county_code, industry_section, sector_code, park_code
order by
    month_start, community_code, county_code, industry_section, sector_code, park_code,
    risk_class, class_before, class_year_before
