-- One petition put on the hard-case ledger before the data time.
select
    hard_case.petition_id,
    hard_case.reason,
    hard_case.approved_by,
    hard_case.listed_at,
    hard_case.milestones,
    hard_case.promised_on,
    case when cast(hard_case.cleared_on as timestamp) < build.as_of then hard_case.cleared_on end as cleared_on,
    case when cast(hard_case.cleared_on as timestamp) < build.as_of then hard_case.reviewed_by end as reviewed_by,
    hard_case._batch as batch_id,
from lake_hard_case as hard_case
cross join config_build as build
where cast(hard_case.listed_at as timestamp) < build.as_of
