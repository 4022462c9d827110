-- One case of dishonesty found, pressed and treated.
with known as (
    -- One case found by the data time, with what was known of it then.
    select
        enforcement.case_id,
        enforcement.uscc,
        enforcement.kind,
        enforcement.discovered_on,
        case when cast(enforcement.pushed_on as timestamp) < build.as_of then enforcement.pushed_on end as pushed_on,
        case when cast(enforcement.warned_on as timestamp) < build.as_of then enforcement.warned_on end as warned_on,
        case when cast(enforcement.treated_on as timestamp) < build.as_of then enforcement.treated_on end as treated_on,
        case when cast(enforcement.shown_on as timestamp) < build.as_of then enforcement.shown_on end as shown_on,
        case when cast(enforcement.notice_on as timestamp) < build.as_of then enforcement.notice_on end as notice_on,
        case when cast(enforcement.commitment_on as timestamp) < build.as_of then enforcement.commitment_on end as commitment_on,
        case
            when enforcement.commitment_on is null or cast(enforcement.commitment_on as timestamp) < build.as_of
                then enforcement.commitment_until
        end as commitment_until,
        case when cast(enforcement.reminded_on as timestamp) < build.as_of then enforcement.reminded_on end as reminded_on,
        case when cast(enforcement.closed_on as timestamp) >= build.as_of then '在办' else enforcement.outcome end as outcome,
        case when cast(enforcement.closed_on as timestamp) < build.as_of then enforcement.closed_on end as closed_on,
        enforcement.amount,
        enforcement.debtor_kind,
        coalesce(enforcement.shown_on, enforcement.discovered_on) as visible_from,
        enforcement._batch as batch_id,
    from lake_enforcement as enforcement
    cross join config_build as build
    where cast(enforcement.discovered_on as timestamp) < build.as_of
),

ended as (
    -- One case that ended, with the day of that or, where nobody said it, of the last step that is known.
    select
        case_id,
        kind,
        outcome,
        coalesce(
            closed_on,
            greatest(discovered_on, pushed_on, warned_on, treated_on, shown_on, notice_on, commitment_on, reminded_on)
        ) as ended_on,
    from known
    where outcome <> '在办'
),

gone as (
    -- One case that ended, with the first day on which it is not shown: at once where it left, after its term where it was punished.
    select
        ended.case_id,
        case
            when ended.outcome = '退出' then ended.ended_on
            else cast(cast(ended.ended_on + rule.months * interval '1 month' as date) + interval '1 day' as date)
        end as gone_on,
    from ended
    inner join config_punish as rule
        on rule.kind = ended.kind and ended.ended_on >= rule.first_day and ended.ended_on <= rule.last_day
)

select
    enforcement.case_id,
    enforcement.uscc,
    enforcement.kind,
    enforcement.discovered_on,
    enforcement.pushed_on,
    enforcement.warned_on,
    enforcement.treated_on,
    enforcement.shown_on,
    enforcement.notice_on,
    enforcement.commitment_on,
    enforcement.commitment_until,
    enforcement.reminded_on,
    enforcement.outcome,
    enforcement.closed_on,
    enforcement.amount,
    enforcement.debtor_kind,
    enforcement.visible_from,
    least(gone.gone_on, revoked.revoked_on) as visible_until,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    enforcement.batch_id,
from known as enforcement
left join gone on gone.case_id = enforcement.case_id
left join dim_enterprise as firm on firm.uscc = enforcement.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
left join config_revoked as revoked on revoked.record_id = enforcement.case_id
order by enforcement.discovered_on, enforcement.case_id
