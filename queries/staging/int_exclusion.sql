-- One petition whose exclusion from assessment was approved by the data time.
select exclusion.petition_id,
from lake_exclusion as exclusion
cross join config_build as build
where exclusion.approved_at <= build.as_of
