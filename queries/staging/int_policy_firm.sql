-- One enterprise in being and one policy in force, with the first condition that it does not meet (null: it meets all).
with newest as (
    -- One enterprise with its class in the newest month.
    select
        uscc,
        risk_class,
    from mart_risk
    where month_start = (select max(month_start) from mart_risk)
),

listed as (
    -- One enterprise that stands in a list at the data time.
    select
        entry.uscc,
        max(case when entry.list = '红名单' then 1 else 0 end) as red,
        max(case when entry.list = '黑名单' then 1 else 0 end) as black,
    from fct_list_entry as entry
    cross join config_build as build
    where entry.visible_until is null or cast(entry.visible_until as timestamp) > build.as_of
    group by entry.uscc
),

shops as (
    -- One enterprise named an honest merchant.
    select distinct uscc from fct_merchant
),

borrowers as (
    -- One enterprise that has drawn a loan.
    select distinct uscc from fct_loan where drawn_on is not null
),

wages as (
    -- One enterprise with wages in arrears that are not settled, nor the case taken away by a decision.
    select distinct enforcement.uscc
    from fct_enforcement as enforcement
    cross join config_build as build
    where
        enforcement.kind = '拖欠工资'
        and enforcement.outcome <> '退出'
        and (enforcement.visible_until is null or cast(enforcement.visible_until as timestamp) > build.as_of)
),

firm as (
    -- One enterprise in being with everything a condition can ask of it.
    select
        enterprise.uscc,
        enterprise.size,
        enterprise.county_code,
        enterprise.industry_section,
        enterprise.sector_code,
        newest.risk_class,
        case when enterprise.park_code is null then '否' else '是' end as in_park,
        case when shops.uscc is null then '否' else '是' end as merchant,
        case when coalesce(listed.red, 0) = 1 then '是' else '否' end as redlisted,
        case when coalesce(listed.black, 0) = 1 then '是' else '否' end as blacklisted,
        case when borrowers.uscc is null then '否' else '是' end as borrower,
        case when wages.uscc is null then '否' else '是' end as wage_arrears,
        date_diff('day', enterprise.registered_on, cast(build.as_of as date)) / 365.25 as years,
        cast(enterprise.staff as double) as staff,
        enterprise.capital,
    from dim_enterprise as enterprise
    inner join newest on newest.uscc = enterprise.uscc
    left join listed on listed.uscc = enterprise.uscc
    left join shops on shops.uscc = enterprise.uscc
    left join borrowers on borrowers.uscc = enterprise.uscc
    left join wages on wages.uscc = enterprise.uscc
    cross join config_build as build
),

asked as (
    -- One enterprise and one condition with the text and the number it is asked for.
    select
        firm.uscc,
        condition.policy_id,
        condition.number,
        condition.least,
        condition.most,
        case condition.field
            when 'size' then firm.size
            when 'county_code' then firm.county_code
            when 'industry_section' then firm.industry_section
            when 'sector_code' then firm.sector_code
            when 'risk_class' then firm.risk_class
            when 'in_park' then firm.in_park
            when 'merchant' then firm.merchant
            when 'redlisted' then firm.redlisted
            when 'blacklisted' then firm.blacklisted
            when 'borrower' then firm.borrower
            when 'wage_arrears' then firm.wage_arrears
        end as text_value,
        case condition.field
            when 'years' then firm.years
            when 'staff' then firm.staff
            when 'capital' then firm.capital
        end as number_value,
        condition.field in ('years', 'staff', 'capital') as is_number,
    from firm
    cross join config_policy_condition as condition
    inner join config_policy as policy on policy.policy_id = condition.policy_id
    cross join config_build as build
    where policy.start_on <= cast(build.as_of as date)
),

judged as (
    -- One enterprise and one condition with whether it is met.
    select
        asked.uscc,
        asked.policy_id,
        asked.number,
        case
            when asked.is_number
                then
                    asked.number_value is not null
                    and (asked.least is null or asked.number_value >= asked.least)
                    and (asked.most is null or asked.number_value <= asked.most)
            else allowed.value is not null
        end as is_met,
    from asked
    left join config_policy_value as allowed
        on
            allowed.policy_id = asked.policy_id
            and allowed.number = asked.number
            and allowed.value = asked.text_value
)

select
    uscc,
    policy_id,
    min(case when is_met then null else number end) as first_unmet,
from judged
group by uscc, policy_id
