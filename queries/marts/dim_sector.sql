-- One supervised sector.
select
    sector_code,
    sector_name,
    department,
from config_sector
order by sector_code
