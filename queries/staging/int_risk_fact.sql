-- One fact about a firm that a rule of the risk classes can speak of, with the days on which it counts.
with punished as (
    -- One penalty, known from its publication and gone when its publicity ends or it was repaired.
    select
        uscc,
        penalty_id as event_id,
        severity,
        field,
        kind,
        amount,
        decided_on,
        coalesce(published_on, decided_on) as known_on,
        fulfilled_on,
        visible_until as gone_on,
        batch_id,
    from fct_penalty
),

pressed as (
    -- One case of enforcement; what ended on a day counts to the end of that day.
    select
        uscc,
        case_id as event_id,
        kind,
        outcome,
        amount,
        discovered_on,
        commitment_on,
        commitment_until,
        closed_on,
        cast(closed_on + interval '1 day' as date) as after_closing,
        visible_until,
        batch_id,
    from fct_enforcement
),

firms as (
    -- One firm of the register.
    select
        uscc,
        registered_on,
        coalesce(registered_on, date '1900-01-01') as known_on,
        capital,
        staff,
        status,
        batch_id,
    from dim_enterprise
),

listed as (
    -- One entry in a red or black list, to the end of its last valid day or of the day it was taken off.
    select
        uscc,
        entry_id as event_id,
        list,
        entered_on,
        least(cast(valid_until + interval '1 day' as date), cast(removed_on + interval '1 day' as date)) as gone_on,
        batch_id,
    from fct_list_entry
),

wanted as (
    -- One type of public record that a rule names.
    select distinct type_code from config_risk_type
),

facts as (
    -- One fact by its kind; one event can be several facts.
    select
        uscc,
        event_id,
        case severity when '轻微' then 'penalty_light' when '严重' then 'penalty_serious' else 'penalty_ordinary' end as fact,
        '' as type_code,
        amount,
        decided_on as happened_on,
        known_on,
        gone_on,
        batch_id,
    from punished
    union all
    select uscc, event_id, 'penalty_banned', '', amount, decided_on, known_on, gone_on, batch_id
    from punished
    where kind in ('吊销', '限制从业')
    union all
    select
        uscc,
        event_id,
        case field
            when '食品' then 'penalty_food'
            when '药品' then 'penalty_drug'
            when '特种设备' then 'penalty_equipment'
            when '安全生产' then 'penalty_safety'
            else 'penalty_fire'
        end,
        '',
        amount,
        decided_on,
        known_on,
        gone_on,
        batch_id,
    from punished
    where field in ('食品', '药品', '特种设备', '安全生产', '消防')
    union all
    select
        uscc,
        event_id,
        'penalty_unfulfilled',
        '',
        amount,
        cast(decided_on + interval '60 days' as date),
        greatest(known_on, cast(decided_on + interval '60 days' as date)),
        least(gone_on, cast(fulfilled_on + interval '1 day' as date)),
        batch_id,
    from punished
    where kind in ('罚款', '没收')
    union all
    select
        uscc,
        event_id,
        case kind
            when '拖欠工资' then 'wage_arrears'
            when '欠税' then 'tax_arrears'
            when '合同违约' then 'contract_breach'
            else 'payment_arrears'
        end,
        '',
        amount,
        discovered_on,
        discovered_on,
        case when outcome = '退出' then least(visible_until, after_closing) else visible_until end,
        batch_id,
    from pressed
    where kind <> '失信被执行'
    union all
    -- before any commitment, or without one
    select uscc, event_id, 'debtor_open', '', amount, discovered_on, discovered_on,
        least(visible_until, after_closing, cast(commitment_on + interval '1 day' as date)), batch_id,
    from pressed
    where kind = '失信被执行'
    union all
    select uscc, event_id, 'debtor_promised', '', amount, discovered_on, commitment_on,
        least(visible_until, after_closing, cast(commitment_until + interval '1 day' as date)), batch_id,
    from pressed
    where kind = '失信被执行' and commitment_on is not null
    union all
    -- the promised time has passed and the case is still open
    select uscc, event_id, 'debtor_open', '', amount, discovered_on, commitment_until, least(visible_until, after_closing), batch_id
    from pressed
    where kind = '失信被执行' and commitment_until is not null
    union all
    select uscc, event_id, 'debtor_punished', '', amount, closed_on, closed_on, visible_until, batch_id
    from pressed
    where kind = '失信被执行' and outcome = '惩戒' and closed_on is not null
    union all
    select uscc, event_id, case list when '黑名单' then 'blacklist' else 'redlist' end, '', null, entered_on, entered_on, gone_on, batch_id
    from listed
    union all
    select uscc, inspection_id, 'problem', '', null, inspected_on, inspected_on, null, batch_id
    from fct_inspection
    where has_problem
    union all
    select
        record.uscc,
        record.record_id,
        'record',
        record.type_code,
        record.amount,
        record.issued_on,
        coalesce(record.published_on, record.issued_on),
        cast(record.valid_until + interval '1 day' as date),
        record._batch,
    from lake_credit_record as record
    inner join wanted on wanted.type_code = record.type_code
    union all
    select uscc, merchant_id, 'complaints', '', complaints, named_on, named_on, null, batch_id
    from fct_merchant
    where complaints > 0
    union all
    select uscc, uscc, 'registered', '', null, registered_on, known_on, null, batch_id
    from firms
    where registered_on is not null
    union all
    select uscc, uscc, 'capital', '', capital, null, known_on, null, batch_id
    from firms
    where capital is not null
    union all
    select uscc, uscc, 'shell', '', capital, null, known_on, null, batch_id
    from firms
    where staff = 0 and capital is not null
    union all
    select uscc, uscc, 'revoked', '', null, null, known_on, null, batch_id
    from firms
    where status = '吊销'
    union all
    select uscc, uscc, 'firm', '', null, null, known_on, null, batch_id
    from firms
)

select
    facts.uscc,
    facts.event_id,
    facts.fact,
    facts.type_code,
    cast(facts.amount as double) as amount,
    facts.happened_on,
    facts.known_on,
    least(facts.gone_on, revoked.revoked_on) as gone_on,
    facts.batch_id,
from facts
left join config_revoked as revoked on revoked.record_id = facts.event_id
where
    (facts.gone_on is null or facts.gone_on > facts.known_on)
    and (revoked.revoked_on is null or revoked.revoked_on > facts.known_on)
