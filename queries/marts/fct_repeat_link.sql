-- One petition found by the data time to repeat an earlier one.
select
    link.petition_id,
    link.earlier_petition_id,
    link.tier,
    link.similarity,
    link.linked_at,
    link._batch as batch_id,
from lake_repeat_link as link
cross join config_build as build
where link.linked_at <= build.as_of
