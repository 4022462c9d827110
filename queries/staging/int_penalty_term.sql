-- One penalty with the repair rule of its document: until when it is shown, and from when its repair can be applied for.
with repaired as (
    -- One penalty whose repair has been granted, with the first day on which that was decided.
    select
        repair.penalty_id,
        min(repair.decided_on) as repaired_on,
    from lake_repair as repair
    cross join config_build as build
    where repair.result = '同意' and repair.penalty_id is not null and cast(repair.decided_on as timestamp) < build.as_of
    group by repair.penalty_id
),

ruled as (
    -- One penalty with the rule of its document and the class that the rule puts it in; what lies ahead is not known yet.
    select
        penalty.penalty_id,
        penalty.decided_on,
        case when cast(penalty.corrected_on as timestamp) < build.as_of then penalty.corrected_on end as corrected_on,
        case when cast(penalty.fulfilled_on as timestamp) < build.as_of then penalty.fulfilled_on end as fulfilled_on,
        rule.rule,
        rule.uncorrected_stays,
        rule.remind_days,
        rule.remind_again_days,
        term.class_code,
        term.class_name,
        term.needs_corrected,
        term.needs_fulfilled,
        term.minimum_months > 0 as has_minimum,
        term.publicity = 'always'
        or (term.publicity = 'exception' and penalty.published_on is not null) as is_public,
        case when rule.first_day_counts then 0 else 1 end as days_later,
        cast(penalty.decided_on + term.minimum_months * interval '1 month' as date) as minimum_day,
        cast(penalty.decided_on + term.maximum_months * interval '1 month' as date) as maximum_day,
    from lake_penalty as penalty
    cross join config_build as build
    inner join config_repair_rule as rule
        on penalty.decided_on >= rule.first_document and penalty.decided_on <= rule.last_document
    inner join config_repair_term as term
        on term.rule = rule.rule
        and term.kind = coalesce(penalty.kind, '')
        and term.field = coalesce(penalty.field, '')
        and term.severity = coalesce(penalty.severity, '')
        and term.is_summary = coalesce(penalty.is_summary, false)
    where cast(penalty.decided_on as timestamp) < build.as_of
),

dated as (
    -- One penalty with the first day after its shortest and its longest publicity, and the day all that was owed was done.
    select
        ruled.penalty_id,
        ruled.decided_on,
        ruled.rule,
        ruled.uncorrected_stays,
        ruled.remind_days,
        ruled.remind_again_days,
        ruled.class_code,
        ruled.class_name,
        ruled.has_minimum,
        ruled.is_public,
        case
            when ruled.has_minimum then cast(ruled.minimum_day + ruled.days_later * interval '1 day' as date)
            else ruled.decided_on
        end as apply_from,
        cast(ruled.maximum_day + ruled.days_later * interval '1 day' as date) as ends_on,
        case
            when ruled.needs_corrected and ruled.corrected_on is null then null
            when ruled.needs_fulfilled and ruled.fulfilled_on is null then null
            else greatest(
                ruled.decided_on,
                case when ruled.needs_corrected then ruled.corrected_on else ruled.decided_on end,
                case when ruled.needs_fulfilled then ruled.fulfilled_on else ruled.decided_on end
            )
        end as done_on,
    from ruled
)

select
    dated.penalty_id,
    dated.rule as repair_rule,
    dated.class_code,
    dated.class_name,
    dated.is_public,
    case when dated.is_public then dated.apply_from end as apply_from,
    case
        when dated.is_public and dated.has_minimum
            then cast(dated.apply_from - dated.remind_days * interval '1 day' as date)
    end as remind_on,
    case
        when dated.is_public and dated.has_minimum
            then cast(dated.apply_from - dated.remind_again_days * interval '1 day' as date)
    end as remind_again_on,
    case when dated.is_public and dated.done_on is not null then greatest(dated.apply_from, dated.done_on) end as ready_on,
    case
        when not dated.is_public then dated.decided_on
        when not dated.uncorrected_stays then dated.ends_on
        when dated.done_on is not null then greatest(dated.ends_on, dated.done_on)
    end as ends_on,
    repaired.repaired_on,
    case
        when not dated.is_public then dated.decided_on
        when dated.uncorrected_stays and dated.done_on is null then least(repaired.repaired_on, revoked.revoked_on)
        else least(
            case when dated.uncorrected_stays then greatest(dated.ends_on, dated.done_on) else dated.ends_on end,
            repaired.repaired_on,
            revoked.revoked_on
        )
    end as visible_until,
from dated
left join repaired on repaired.penalty_id = dated.penalty_id
left join config_revoked as revoked on revoked.record_id = dated.penalty_id
