-- One county of the enterprises.
select
    county_code,
    county_name,
    city,
    sort_order,
from config_county
order by county_code
