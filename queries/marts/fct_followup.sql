-- One call-back after closing, made by the data time: from the follow-up table, or (sequence 0) from the petition alone.
with recorded as (
    -- One follow-up of the table, made by the data time.
    select followup.*
    from lake_followup as followup
    cross join config_build as build
    where followup.followed_at <= build.as_of
)

select
    petition_id,
    sequence,
    followed_at,
    method,
    connected,
    valid,
    contacted,
    resolved,
    satisfaction,
    reason,
    _batch as batch_id,
from recorded
union all
select
    petition.petition_id,
    0 as sequence,
    petition.followup_at as followed_at,
    null as method,
    null as connected,
    coalesce(petition.followup_valid, false) as valid,
    petition.followup_contacted as contacted,
    petition.followup_resolved as resolved,
    petition.satisfaction,
    null as reason,
    petition.batch_id,
from stg_petition as petition
left join recorded
    on recorded.petition_id = petition.petition_id
    and recorded.followed_at = petition.followup_at
where petition.has_followup and recorded.petition_id is null
