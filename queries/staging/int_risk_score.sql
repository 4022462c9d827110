-- One firm with points in a month: general and sector score, the class that a floor or a veto asks for.
select
    month_start,
    uscc,
    coalesce(sum(hundredths) filter (where scope = 'general'), 0) as general_hundredths,
    coalesce(sum(hundredths) filter (where scope = 'sector'), 0) as sector_hundredths,
    max(case when is_veto then 4 else floor_rank end) as floor_rank,
from int_risk_reason
group by month_start, uscc
