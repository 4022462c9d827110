-- One use of one of the seven mechanisms.
select
    mechanism.mechanism_id,
    mechanism.kind,
    mechanism.held_on,
    mechanism.subject,
    mechanism._batch as batch_id,
from lake_mechanism as mechanism
cross join config_build as build
where cast(mechanism.held_on as timestamp) < build.as_of
order by mechanism.held_on, mechanism.mechanism_id
