-- One call-back after closing, made by the data time: from the follow-up table, or (sequence 0) from the petition itself.
select
    followup.petition_id,
    followup.sequence,
    followup.followed_at,
    followup.method,
    followup.connected,
    followup.valid,
    followup.contacted,
    followup.resolved,
    followup.satisfaction,
    followup.reason,
    followup._batch as batch_id,
from lake_followup as followup
cross join config_build as build
where followup.followed_at <= build.as_of
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
where petition.has_followup
