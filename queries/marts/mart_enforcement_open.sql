-- One open case of dishonesty with the step it waits for and since when.
select
    case_id,
    uscc,
    enterprise_name,
    county_code,
    county_name,
    community_code,
    kind,
    coalesce(debtor_kind, '') as debtor_kind,
    amount,
    discovered_on,
    commitment_until,
    case
        when commitment_on is not null and reminded_on is null then '承诺期内'
        when reminded_on is not null then '再提醒后'
        when notice_on is not null then '待承诺'
        when treated_on is not null then '治理中'
        when warned_on is not null then '待治理'
        when pushed_on is not null then '待预警'
        else '待推送'
    end as stands,
    greatest(discovered_on, pushed_on, warned_on, treated_on, notice_on, commitment_on, reminded_on) as since,
    visible_until,
    batch_id,
from fct_enforcement
where closed_on is null
order by discovered_on, case_id
