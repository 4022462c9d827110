-- One unit's share in a petition, as known at the data time.
select
    dispatch.petition_id,
    dispatch.sequence,
    dispatch.unit,
    dispatch.role,
    dispatch.dispatched_at,
    case when dispatch.signed_at <= build.as_of then dispatch.signed_at end as signed_at,
    case when dispatch.returned_at <= build.as_of then dispatch.returned_at end as returned_at,
    case when dispatch.returned_at <= build.as_of then dispatch.return_reason end as return_reason,
    case when dispatch.feedback_at <= build.as_of then dispatch.feedback_at end as feedback_at,
    case when dispatch.closed_at <= build.as_of then dispatch.closed_at end as closed_at,
    dispatch.suggested_unit,
    dispatch.confidence,
    dispatch._batch as batch_id,
from lake_dispatch as dispatch
cross join config_build as build
where dispatch.dispatched_at <= build.as_of
