-- One firm's business on the lending platform.
select
    loan.loan_id,
    loan.uscc,
    loan.bank,
    loan.product,
    loan.registered_on,
    case when cast(loan.whitelisted_on as timestamp) < build.as_of then loan.whitelisted_on end as whitelisted_on,
    case when cast(loan.granted_on as timestamp) < build.as_of then loan.granted_on end as granted_on,
    case
        when loan.granted_on is null or cast(loan.granted_on as timestamp) < build.as_of then loan.granted_amount
    end as granted_amount,
    case when cast(loan.drawn_on as timestamp) < build.as_of then loan.drawn_on end as drawn_on,
    case when loan.drawn_on is null or cast(loan.drawn_on as timestamp) < build.as_of then loan.drawn_amount end as drawn_amount,
    case when loan.drawn_on is null or cast(loan.drawn_on as timestamp) < build.as_of then loan.due_on end as due_on,
    case when cast(loan.repaid_on as timestamp) < build.as_of then loan.repaid_on end as repaid_on,
    case
        when cast(loan.drawn_on as timestamp) >= build.as_of or cast(loan.due_on as timestamp) >= build.as_of then null
        when loan.due_on is null or loan.overdue_days is null then loan.overdue_days
        else least(loan.overdue_days, date_diff('day', loan.due_on, cast(build.as_of as date)))
    end as overdue_days,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    coalesce(firm.size, '未登记') as size,
    loan._batch as batch_id,
from lake_loan as loan
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = loan.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
where cast(loan.registered_on as timestamp) < build.as_of
order by loan.registered_on, loan.loan_id
