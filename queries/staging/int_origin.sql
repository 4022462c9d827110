-- One batch with the first accepted day for which its origin has ever delivered each time or link; null: it never does.
with shape as (
    -- One batch with whether its file had a column for each time, empty or not.
    select
        batch_id,
        max(case when field = 'first_contact_at' then 1 else 0 end) as has_contact,
        max(case when field = 'opinion_at' then 1 else 0 end) as has_opinion,
        max(case when field = 'closed_at' then 1 else 0 end) as has_closing,
        max(case when field in ('followup_at', 'followup_valid') then 1 else 0 end) as has_followup,
    from lake_batch_field
    group by batch_id
),

origin as (
    -- One batch with its origin: mapping, else source, and the times its file has columns for (systems may share a mapping).
    select
        batch.batch_id,
        concat_ws(
            '|',
            coalesce(nullif(batch.mapping, ''), nullif(batch.source, ''), batch.batch_id),
            cast(coalesce(shape.has_contact, 0) as varchar),
            cast(coalesce(shape.has_opinion, 0) as varchar),
            cast(coalesce(shape.has_closing, 0) as varchar),
            cast(coalesce(shape.has_followup, 0) as varchar)
        ) as origin,
    from lake_batch as batch
    left join shape on shape.batch_id = batch.batch_id
),

flat as (
    -- One batch with the first days on which its own petitions carry each time.
    select
        origin_batch_id as batch_id,
        min(case when first_contact_at is not null then accepted_day end) as contact_since,
        min(case when opinion_at is not null then accepted_day end) as opinion_since,
        min(case when closed_at_recorded is not null then accepted_day end) as closing_since,
        min(case when has_followup then accepted_day end) as followup_since,
    from stg_petition
    group by origin_batch_id
),

contacted as (
    -- One batch with the first day on which one of its petitions has a contact record.
    select
        origin_batch_id as batch_id,
        min(accepted_day) as contact_since,
    from stg_petition
    where petition_id in (select petition_id from int_contact)
    group by origin_batch_id
),

followed as (
    -- One batch with the first day on which one of its petitions has a follow-up record.
    select
        origin_batch_id as batch_id,
        min(accepted_day) as followup_since,
    from stg_petition
    where petition_id in (select petition_id from int_followup)
    group by origin_batch_id
),

linked as (
    -- One batch with the first day on which one of its petitions has a link to another, of whatever tier.
    select
        origin_batch_id as batch_id,
        min(accepted_day) as repeat_since,
    from stg_petition
    where petition_id in (select petition_id from lake_repeat_link)
    group by origin_batch_id
),

delivered as (
    -- One origin with the first day of each time over all its batches.
    select
        origin.origin,
        min(least(coalesce(flat.contact_since, contacted.contact_since), coalesce(contacted.contact_since, flat.contact_since)))
            as contact_since,
        min(flat.opinion_since) as opinion_since,
        min(flat.closing_since) as closing_since,
        min(least(coalesce(flat.followup_since, followed.followup_since), coalesce(followed.followup_since, flat.followup_since)))
            as followup_since,
        min(linked.repeat_since) as repeat_since,
    from origin
    left join flat on flat.batch_id = origin.batch_id
    left join contacted on contacted.batch_id = origin.batch_id
    left join followed on followed.batch_id = origin.batch_id
    left join linked on linked.batch_id = origin.batch_id
    group by origin.origin
)

select
    origin.batch_id,
    delivered.contact_since,
    delivered.opinion_since,
    delivered.closing_since,
    delivered.followup_since,
    delivered.repeat_since,
from origin
inner join delivered on delivered.origin = origin.origin
