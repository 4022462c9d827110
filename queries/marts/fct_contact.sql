-- One attempt to reach a petitioner before closing, made by the data time.
select
    contact.petition_id,
    contact.sequence,
    contact.attempted_at,
    contact.connected,
    contact.result,
    contact._batch as batch_id,
from lake_contact as contact
cross join config_build as build
where contact.attempted_at <= build.as_of
