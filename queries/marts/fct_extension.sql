-- One application for a later deadline made by the data time; not approved by then where approved_at is null.
select
    extension.petition_id,
    extension.applied_at,
    case when extension.approved_at <= build.as_of then extension.approved_at end as approved_at,
    case when extension.approved_at <= build.as_of then extension.approved_by end as approved_by,
    extension.new_due_at,
    extension.reason,
    extension._batch as batch_id,
from lake_extension as extension
cross join config_build as build
where extension.applied_at <= build.as_of
