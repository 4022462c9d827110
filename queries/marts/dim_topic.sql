-- One category of petitions with the supervised sector that it speaks of; no second level means all of the first.
select
    category_1,
    category_2,
    sector_code,
from config_topic
order by category_1, category_2
