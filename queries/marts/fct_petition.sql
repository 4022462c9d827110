-- One petition, whole, with its clocks judged at the data time.
-- Large rows pass once through hash joins with narrow tables and one external sort; nothing is held whole in memory.
-- The latest day comes first, so that a list of the latest petitions reads one row group only.
with known as (
    -- One petition with the rules, its first contact and the follow-up that counts: the last valid one.
    select
        petition.* exclude (
            first_contact_at,
            first_contact_connected,
            has_followup,
            followup_at,
            followup_valid,
            followup_contacted,
            followup_resolved,
            satisfaction
        ),
        rule.*,
        origin.contact_since,
        origin.opinion_since,
        origin.closing_since,
        origin.followup_since,
        origin.repeat_since,
        case when contact.petition_id is null then petition.first_contact_at else contact.first_contact_at end as first_contact_at,
        case
            when contact.petition_id is null then petition.first_contact_connected
            else contact.first_contact_connected
        end as first_contact_connected,
        petition.has_followup or followup.petition_id is not null as is_followed_up,
        -- whether the petition's own columns hold the follow-up that counts
        followup.petition_id is null
            or (
                petition.has_followup
                and coalesce(petition.followup_valid, false)
                and (not followup.valid or coalesce(petition.followup_at > followup.followed_at, false))
            ) as takes_own_followup,
        petition.followup_at as own_followup_at,
        petition.followup_valid as own_valid,
        petition.followup_contacted as own_contacted,
        petition.followup_resolved as own_resolved,
        petition.satisfaction as own_satisfaction,
        followup.followed_at,
        followup.valid,
        followup.contacted,
        followup.resolved,
        followup.satisfaction as recorded_satisfaction,
        extension.new_due_at,
        hard_case.listed_at,
        hard_case.promised_on,
        coalesce(hard_case.is_listed, false) as is_hard_case,
        exclusion.petition_id is not null as is_excluded,
        repeat.petition_id is not null as is_repeat,
        term.days as workday_term,
    from stg_petition as petition
    cross join int_rule as rule
    left join int_origin as origin on origin.batch_id = petition.origin_batch_id
    left join int_contact as contact on contact.petition_id = petition.petition_id
    left join int_followup as followup on followup.petition_id = petition.petition_id
    left join int_extension as extension on extension.petition_id = petition.petition_id
    left join int_hard_case as hard_case on hard_case.petition_id = petition.petition_id
    left join int_exclusion as exclusion on exclusion.petition_id = petition.petition_id
    left join int_repeat as repeat on repeat.petition_id = petition.petition_id
    left join int_workday_term as term on term.day = petition.accepted_day
),

promised as (
    -- One petition with the deadlines of the three promises; null where a promise does not apply or cannot be known.
    select
        *,
        case
            when accepted_day >= contact_since then accepted_at + contact_minutes * interval '1 minute'
        end as contact_due_at,
        case
            when complexity = '简单' and accepted_day >= closing_since then accepted_at + simple_minutes * interval '1 minute'
        end as simple_due_at,
        case
            when complexity = '复杂' and accepted_day >= opinion_since and counts_workdays
                then accepted_at + workday_term * interval '1 day'
            when complexity = '复杂' and accepted_day >= opinion_since then accepted_at + complex_minutes * interval '1 minute'
        end as complex_due_at,
    from known
),

extended as (
    -- One petition with its closing deadline before the ledger: an approved extension, else given and rule in their order.
    select
        *,
        coalesce(
            new_due_at,
            case
                when given_due_first then coalesce(due_at_given, simple_due_at)
                else coalesce(simple_due_at, due_at_given)
            end
        ) as due_before_listing,
    from promised
),

due as (
    -- One petition with its closing deadline; a listing approved in time moves it to the end of the promised day.
    select
        *,
        case
            when promised_on is not null and listed_at <= cast(due_before_listing as date)
                then greatest(due_before_listing, cast(promised_on as timestamp) + interval '1 day' - interval '1 second')
            else due_before_listing
        end as due_at,
    from extended
)

select
    petition_id,
    city_number,
    channel,
    created_at,
    accepted_at,
    accepted_day,
    kind,
    category_1,
    category_2,
    category_3,
    urgency,
    complexity,
    complexity_changed_at,
    community_code,
    community_name,
    community_source,
    estate_code,
    grid_code,
    longitude,
    latitude,
    scene,
    caller,
    is_confidential,
    subject,
    content,
    attachments,
    parent_petition_id,
    cluster_id,
    first_unit,
    first_person,
    due_at,
    due_at_given,
    first_contact_at,
    first_contact_connected,
    opinion_at,
    closed_at,
    closed_at_recorded,
    close_method,
    result,
    reply,
    replied_at,
    case when takes_own_followup then own_followup_at else followed_at end as followup_at,
    case when takes_own_followup then own_valid else valid end as followup_valid,
    case when takes_own_followup then own_contacted else contacted end as followup_contacted,
    case when takes_own_followup then own_resolved else resolved end as followup_resolved,
    case when takes_own_followup then own_satisfaction else recorded_satisfaction end as satisfaction,
    rework_count,
    likes,
    dislikes,
    source_on_time,
    source_status,
    contact_due_at,
    case when contact_due_at < as_of then coalesce(first_contact_at <= contact_due_at, false) end as contact_met,
    simple_due_at,
    case when simple_due_at < as_of then coalesce(closed_at <= simple_due_at, false) end as simple_met,
    complex_due_at,
    case when complex_due_at < as_of then coalesce(opinion_at <= complex_due_at, false) end as complex_met,
    case when due_at < as_of then coalesce(closed_at <= due_at, false) end as is_met,
    closed_at is not null as is_closed,
    closed_at is null and coalesce(due_at < as_of, false) as is_overdue,
    closed_at is null
        and coalesce(due_at >= as_of, false)
        and date_diff('second', as_of, due_at) < due_soon_share * date_diff('second', accepted_at, due_at) as is_due_soon,
    is_repeat,
    is_hard_case,
    is_excluded,
    is_followed_up,
    coalesce(case when takes_own_followup then own_valid else valid end, false) and not is_excluded as is_valid_followup,
    case when takes_own_followup then own_contacted else contacted end as is_contacted,
    case when takes_own_followup then own_resolved else resolved end as is_resolved,
    closing_since is not null as is_closing_known,
    followup_since is not null as is_followup_known,
    repeat_since is not null as is_repeat_known,
    case
        when closed_at is not null then '办结'
        when is_hard_case then '挂账'
        when due_at < as_of then '逾期'
        else '在办'
    end as state,
    batch_id,
from due
order by accepted_day desc, community_code asc, petition_id asc
