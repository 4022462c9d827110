-- One division of GB/T 4754 with its section.
select
    division_code,
    division_name,
    section,
    section_name,
from config_industry
order by division_code
