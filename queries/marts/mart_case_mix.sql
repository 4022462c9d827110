-- One half of a month (from the 1st or the 19th), community and kind of case with the valid call-backs that count and their answers.
select
    cast(
        case
            when extract(day from accepted_day) >= 19 then cast(date_trunc('month', accepted_day) as date) + interval '18 days'
            else cast(date_trunc('month', accepted_day) as date)
        end as date
    ) as half_start,
    community_code,
    coalesce(kind, '') as kind,
    category_1,
    coalesce(complexity, '') as complexity,
    coalesce(channel, '') as channel,
    count(*) as n_valid,
    count(*) filter (where is_contacted) as n_responded,
    count(*) filter (where is_resolved) as n_resolved,
    count(*) filter (where satisfaction = '满意') as n_satisfied,
    count(*) filter (where satisfaction = '基本满意') as n_basic,
from fct_petition
where is_valid_followup
group by
    cast(
        case
            when extract(day from accepted_day) >= 19 then cast(date_trunc('month', accepted_day) as date) + interval '18 days'
            else cast(date_trunc('month', accepted_day) as date)
        end as date
    ),
    community_code,
    coalesce(kind, ''),
    category_1,
    coalesce(complexity, ''),
    coalesce(channel, '')
order by half_start, community_code, kind, category_1, complexity, channel
