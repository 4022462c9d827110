-- One petition found by the data time to repeat an earlier one; a shared topic alone (T3) is no repeat.
select link.petition_id,
from lake_repeat_link as link
cross join config_build as build
where link.linked_at <= build.as_of and link.tier in ('T1', 'T2')
