-- One petition that has follow-up records by the data time, with the one that counts: the last valid, else the last.
with ordered as (
    -- One follow-up with its place in the order of its petition, valid ones first, latest first.
    select
        followup.petition_id,
        followup.followed_at,
        followup.valid,
        followup.contacted,
        followup.resolved,
        followup.satisfaction,
        row_number() over (
            partition by followup.petition_id
            order by followup.valid desc, followup.followed_at desc, followup.sequence desc
        ) as turn,
    from lake_followup as followup
    cross join config_build as build
    where followup.followed_at <= build.as_of
)

select
    petition_id,
    followed_at,
    valid,
    contacted,
    resolved,
    satisfaction,
from ordered
where turn = 1
