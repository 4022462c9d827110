-- name: index()
-- One month of the city's whole index with its ranks and the version of the method, up to the data time.
select
    month,
    score,
    rank_province,
    rank_nation,
    method_version,
from fct_city_index
where dimension = '综合'
order by month;

-- name: dimensions(end)
-- One dimension of the newest month before a day of the city's index with the same month a year before, null where the method had not begun.
with newest as (
    -- One row: the newest month before the day.
    select max(month) as month,
    from fct_city_index
    where month < :end
)

select
    city.dimension,
    city.month,
    city.score,
    city.rank_nation,
    city.method_version,
    earlier.score as earlier_score,
    earlier.rank_nation as earlier_rank,
    earlier.method_version as earlier_version,
from fct_city_index as city
inner join newest on newest.month = city.month
left join fct_city_index as earlier
    on earlier.dimension = city.dimension and earlier.month = cast(city.month - interval 12 month as date)
where city.dimension <> '综合'
order by city.score desc;

-- name: months(start, end)
-- One month and polarity with the information collected: records, those published, those due by then, in time and whole.
select
    month_start,
    polarity,
    cast(sum(n) as bigint) as n,
    cast(sum(published) as bigint) as published,
    cast(sum(due) as bigint) as due,
    cast(sum(on_time) as bigint) as on_time,
    cast(sum(complete) as bigint) as complete,
from mart_record_month
where month_start >= :start and month_start < :end
group by month_start, polarity
order by month_start, polarity;

-- name: kinds(start, end)
-- One of the ten kinds of disclosure with its records of the span; what is none of them comes last.
select
    coalesce(kind.disclosure, 99) as position,
    coalesce(kind.disclosure_name, '其他信息') as disclosure_name,
    count(distinct month.type_code) as types,
    cast(sum(month.n) as bigint) as n,
    cast(sum(month.published) as bigint) as published,
    cast(sum(month.due) as bigint) as due,
    cast(sum(month.on_time) as bigint) as on_time,
    cast(sum(month.complete) as bigint) as complete,
from mart_record_month as month
left join dim_record_type as kind on kind.type_code = month.type_code
where month.month_start >= :start and month.month_start < :end
group by 1, 2
order by 1;

-- name: lists(start, end, communities)
-- One list and month: entries, those that ended, and what stood in the list as the month ended.
with months as (
    -- One month of the range with the day up to which it is counted: its end, or the data time where it still runs.
    select distinct
        cast(date_trunc('month', calendar.day) as date) as month_start,
        least(
            cast(date_trunc('month', calendar.day) + interval 1 month as date), cast(info.as_of as date)
        ) as closing,
    from dim_calendar as calendar
    cross join snapshot_info as info
    where calendar.day >= :start and calendar.day < :end
),

entries as (
    -- One entry within the scope with the day on which it ended.
    select
        list,
        entered_on,
        visible_until,
    from fct_list_entry
    where list_contains(:communities, community_code)
)

select
    months.month_start,
    entries.list,
    count(*) filter (
        where entries.entered_on >= months.month_start and entries.entered_on < months.closing
    ) as n_entered,
    count(*) filter (
        where entries.visible_until >= months.month_start and entries.visible_until < months.closing
    ) as n_left,
    count(*) filter (
        where
        entries.entered_on < months.closing
        and (entries.visible_until is null or entries.visible_until >= months.closing)
    ) as n_standing,
from months
cross join entries
group by months.month_start, entries.list
order by months.month_start, entries.list;

-- name: calls(start, end)
-- One business system with its calls of the span by kind, and the first month of them.
select
    system,
    cast(sum(case when kind = '核查' then calls else 0 end) as bigint) as checks,
    cast(sum(case when kind = '承诺' then calls else 0 end) as bigint) as promises,
    cast(sum(case when kind = '共享' then calls else 0 end) as bigint) as shared,
    cast(sum(case when kind = '反馈' then calls else 0 end) as bigint) as feedback,
    min(month) as since,
from fct_system_call
where month >= :start and month < :end
group by system
order by checks desc, system;

-- name: mechanisms(start, end)
-- One of the mechanisms with how often it ran in the span and when last.
select
    kind,
    count(*) filter (where held_on >= :start and held_on < :end) as n,
    max(held_on) as last_on,
from fct_mechanism
group by kind
order by n desc, kind;
