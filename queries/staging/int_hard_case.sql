-- One petition put on the hard-case ledger before the data time; the promised day counts once the listing is approved.
select
    hard_case.petition_id,
    hard_case.listed_at,
    case when hard_case.approved_by is not null then hard_case.promised_on end as promised_on,
    hard_case.cleared_on is null or cast(hard_case.cleared_on as timestamp) >= build.as_of as is_listed,
from lake_hard_case as hard_case
cross join config_build as build
where cast(hard_case.listed_at as timestamp) < build.as_of
