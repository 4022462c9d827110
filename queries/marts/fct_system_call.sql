-- One business system's calls of one kind in one month.
select
    system_call.system,
    system_call.kind,
    system_call.month,
    system_call.calls,
    system_call._batch as batch_id,
from lake_system_call as system_call
cross join config_build as build
where cast(system_call.month as timestamp) < build.as_of
order by system_call.system, system_call.kind, system_call.month
