-- One kind of credit information in one month and of one polarity: how much came, how timely, how complete.
with term as (
    -- One day with the last day on which what was issued on it is published in time, and whether that day has ended.
    select
        issued.day,
        last_day.day as last_on,
        cast(last_day.day as timestamp) + interval '1 day' <= build.as_of as is_over,
    from int_workday as issued
    cross join config_build as build
    inner join config_publish as rule on issued.day >= rule.first_day and issued.day <= rule.last_day
    inner join int_workday as last_day
        on last_day.is_workday and last_day.workdays_so_far = issued.workdays_so_far + rule.workdays
),

known as (
    -- One record issued by the data time, with the last day on which its publication is in time.
    select
        record.type_code,
        cast(date_trunc('month', record.issued_on) as date) as month_start,
        record.polarity,
        record.issued_on,
        case when cast(record.published_on as timestamp) < build.as_of then record.published_on end as published_on,
        term.last_on,
        term.is_over,
        record.authority,
        record.system,
        record.valid_until <= cast(build.as_of as date) as is_expired,
        record.amount,
    from lake_credit_record as record
    cross join config_build as build
    left join term on term.day = record.issued_on
    where cast(record.issued_on as timestamp) < build.as_of
)

select
    type_code,
    month_start,
    polarity,
    count(*) as n,
    count(published_on) as published,
    count(*) filter (where is_over) as due,
    count(*) filter (where is_over and published_on <= last_on) as on_time,
    count(*) filter (where published_on is not null and authority is not null and system is not null) as complete,
    count(*) filter (where is_expired) as expired,
    cast(sum(date_diff('day', issued_on, published_on)) as bigint) as days,
    sum(amount) as amount,
from known
group by type_code, month_start, polarity
order by month_start, type_code, polarity
