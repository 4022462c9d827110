-- One kind of credit information in one month and of one polarity: how much came, how timely, how complete.
with known as (
    -- One record issued by the data time, with the days until it was published.
    select
        record.type_code,
        cast(date_trunc('month', record.issued_on) as date) as month_start,
        record.polarity,
        case when cast(record.published_on as timestamp) < build.as_of then record.published_on end as published_on,
        date_diff('day', record.issued_on, record.published_on) as days,
        record.authority,
        record.system,
        record.valid_until <= cast(build.as_of as date) as is_expired,
        record.amount,
    from lake_credit_record as record
    cross join config_build as build
    where cast(record.issued_on as timestamp) < build.as_of
)

select
    type_code,
    month_start,
    polarity,
    count(*) as n,
    count(published_on) as published,
    count(*) filter (where published_on is not null and days <= 7) as on_time,
    count(*) filter (where published_on is not null and authority is not null and system is not null) as complete,
    count(*) filter (where is_expired) as expired,
    cast(sum(case when published_on is not null then days else 0 end) as bigint) as days,
    sum(amount) as amount,
from known
group by type_code, month_start, polarity
order by month_start, type_code, polarity
