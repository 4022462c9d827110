-- One event on an enterprise's timeline: a telling record, a penalty, a list entry or a case of dishonesty.
with telling as (
    -- One record of a kind that belongs on the timeline, issued by the data time.
    select
        record.record_id,
        record.uscc,
        record.type_code,
        kind.type_name,
        record.issued_on,
        record.published_on,
        least(cast(record.valid_until + interval '1 day' as date), revoked.revoked_on) as visible_until,
        record.polarity,
        record.amount,
        record.authority,
        record._batch as batch_id,
    from lake_credit_record as record
    inner join dim_record_type as kind on kind.type_code = record.type_code and kind.is_event
    cross join config_build as build
    left join config_revoked as revoked on revoked.record_id = record.record_id
    where cast(record.issued_on as timestamp) < build.as_of
),

event as (
    -- One event of any source under one shape.
    select
        record_id as event_id,
        uscc,
        '信息' as kind,
        type_code,
        issued_on as happened_on,
        coalesce(published_on, issued_on) as visible_from,
        visible_until,
        polarity,
        cast(null as varchar) as severity,
        amount,
        authority,
        type_name as title,
        batch_id,
    from telling
    union all
    select
        penalty_id as event_id,
        uscc,
        '处罚' as kind,
        cast(null as varchar) as type_code,
        decided_on as happened_on,
        visible_from,
        visible_until,
        '失信' as polarity,
        severity,
        amount,
        authority,
        concat('行政处罚：', kind, '（', field, '）') as title,
        batch_id,
    from fct_penalty
    union all
    select
        entry_id as event_id,
        uscc,
        '名单' as kind,
        cast(null as varchar) as type_code,
        entered_on as happened_on,
        entered_on as visible_from,
        visible_until,
        case when list = '红名单' then '守信' else '失信' end as polarity,
        cast(null as varchar) as severity,
        cast(null as double) as amount,
        cast(null as varchar) as authority,
        concat('列入', list, case when basis is null then '' else concat('：', basis) end) as title,
        batch_id,
    from fct_list_entry
    union all
    select
        case_id as event_id,
        uscc,
        '失信线索' as kind,
        cast(null as varchar) as type_code,
        discovered_on as happened_on,
        visible_from,
        visible_until,
        '失信' as polarity,
        cast(null as varchar) as severity,
        amount,
        cast(null as varchar) as authority,
        kind as title,
        batch_id,
    from fct_enforcement
)

select
    event.event_id,
    event.uscc,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    event.kind,
    event.type_code,
    event.happened_on,
    event.visible_from,
    event.visible_until,
    event.polarity,
    event.severity,
    event.amount,
    event.authority,
    event.title,
    event.batch_id,
from event
left join dim_enterprise as firm on firm.uscc = event.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
order by event.uscc, event.happened_on, event.event_id
