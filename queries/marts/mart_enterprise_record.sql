-- One enterprise with one kind of credit information: how many records and when the last one came.
select
    record.uscc,
    record.type_code,
    count(*) as n,
    max(record.issued_on) as last_on,
from lake_credit_record as record
cross join config_build as build
where cast(record.issued_on as timestamp) < build.as_of
group by record.uscc, record.type_code
