-- One petition excluded from assessment, approved by the data time.
select
    exclusion.petition_id,
    exclusion.reason_code,
    exclusion.applied_by,
    exclusion.evidence,
    exclusion.approved_by,
    exclusion.approved_at,
    exclusion._batch as batch_id,
from lake_exclusion as exclusion
cross join config_build as build
where exclusion.approved_at <= build.as_of
