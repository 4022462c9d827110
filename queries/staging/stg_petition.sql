-- One petition as it was known at the data time: what happened later is not there yet.
with known as (
    -- One petition created by the data time, with that time beside it.
    select
        petition.*,
        build.as_of,
    from lake_petition as petition
    cross join config_build as build
    where petition.created_at <= build.as_of
)

select
    known.petition_id,
    known.city_number,
    known.channel,
    known.created_at,
    case when known.accepted_at <= known.as_of then known.accepted_at else known.created_at end as accepted_at,
    cast(case when known.accepted_at <= known.as_of then known.accepted_at else known.created_at end as date) as accepted_day,
    known.kind,
    coalesce(nullif(trim(known.category_1), ''), '未分类') as category_1,
    known.category_2,
    known.category_3,
    known.urgency,
    known.complexity,
    known.complexity_changed_at,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    known.community_source,
    known.estate_code,
    known.grid_code,
    known.longitude,
    known.latitude,
    known.scene,
    known.caller,
    known.is_confidential,
    known.subject,
    known.content,
    known.attachments,
    known.parent_petition_id,
    known.cluster_id,
    known.first_unit,
    known.first_person,
    known.due_at as due_at_given,
    case when known.first_contact_at <= known.as_of then known.first_contact_at end as first_contact_at,
    case when known.first_contact_at <= known.as_of then known.first_contact_connected end as first_contact_connected,
    case when known.opinion_at <= known.as_of then known.opinion_at end as opinion_at,
    case when known.closed_at <= known.as_of then known.closed_at end as closed_at,
    known.closed_at as closed_at_recorded,
    case when known.closed_at <= known.as_of then known.close_method end as close_method,
    case when coalesce(known.closed_at > known.as_of, false) then null else known.result end as result,
    case when coalesce(known.replied_at > known.as_of, false) then null else known.reply end as reply,
    case when known.replied_at <= known.as_of then known.replied_at end as replied_at,
    not coalesce(known.followup_at > known.as_of, false)
        and (known.followup_at is not null or known.followup_valid is not null) as has_followup,
    case when known.followup_at <= known.as_of then known.followup_at end as followup_at,
    case when coalesce(known.followup_at > known.as_of, false) then null else known.followup_valid end as followup_valid,
    case when coalesce(known.followup_at > known.as_of, false) then null else known.followup_contacted end as followup_contacted,
    case when coalesce(known.followup_at > known.as_of, false) then null else known.followup_resolved end as followup_resolved,
    case when coalesce(known.followup_at > known.as_of, false) then null else known.satisfaction end as satisfaction,
    known.rework_count,
    known.likes,
    known.dislikes,
    known.source_on_time,
    known.source_status,
    known._batch as batch_id,
    known._origin as origin_batch_id,
from known
left join dim_community as place on place.community_code = known.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
