-- One petition that has contact records by the data time, with the first attempt to reach the petitioner.
with ordered as (
    -- One contact attempt with its place in the order of its petition.
    select
        contact.petition_id,
        contact.attempted_at,
        contact.connected,
        row_number() over (
            partition by contact.petition_id
            order by contact.attempted_at asc, contact.sequence asc
        ) as turn,
    from lake_contact as contact
    cross join config_build as build
    where contact.attempted_at <= build.as_of
)

select
    petition_id,
    attempted_at as first_contact_at,
    connected as first_contact_connected,
from ordered
where turn = 1
