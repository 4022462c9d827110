-- One kind of public credit information in the catalogue.
select
    type_code,
    type_name,
    disclosure,
    disclosure_name,
    polarity,
    is_event,
    catalog_version,
    frequency,
from config_record_type
order by type_code
