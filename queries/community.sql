-- name: months(start, end, first_day, communities)
-- One community and assessed month (its first day) with its counts; months without any are left out.
with dated as (
    -- One row of the daily counts with the first day of the assessed month that it belongs to.
    select
        cast(
            case
                when extract(day from day) >= cast(:first_day as integer)
                    then date_trunc('month', day) + (cast(:first_day as integer) - 1) * interval '1 day'
                else date_trunc('month', day) - interval '1 month' + (cast(:first_day as integer) - 1) * interval '1 day'
            end as date
        ) as month_start,
        * exclude (day, category_1),
    from mart_daily
    where
        day >= cast(:start as date)
        and day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
)

select
    month_start,
    community_code,
    cast(sum(columns(* exclude (month_start, community_code, satisfied, satisfied_squares))) as bigint),
    sum(satisfied) as satisfied,
    sum(satisfied_squares) as satisfied_squares,
from dated
group by month_start, community_code
order by month_start, community_code

-- name: estates(start, since, end, communities)
-- One estate of a community with its households, its petitions of [since, end), and of them those from :start on; a community's petitions of none or an unknown one under ''.
with counted as (
    -- One community and estate code of petitions ('' for none) with its petitions.
    select
        community_code,
        estate_code,
        sum(accepted) as n,
        sum(accepted) filter (where day >= cast(:start as date)) as n_month,
    from mart_estate
    where
        day >= cast(:since as date)
        and day < cast(:end as date)
        and list_contains(cast(:communities as varchar[]), community_code)
    group by community_code, estate_code
),

named as (
    -- One estate of the register in these communities.
    select community_code, estate_code, name, households
    from dim_estate
    where list_contains(cast(:communities as varchar[]), community_code)
)

select
    coalesce(counted.community_code, named.community_code) as community_code,
    coalesce(named.estate_code, '') as estate_code,
    coalesce(named.name, '') as estate_name,
    max(named.households) as households,
    cast(coalesce(sum(counted.n), 0) as bigint) as n,
    cast(coalesce(sum(counted.n_month), 0) as bigint) as n_month,
from named
full join counted on counted.community_code = named.community_code and counted.estate_code = named.estate_code
group by
    coalesce(counted.community_code, named.community_code),
    coalesce(named.estate_code, ''),
    coalesce(named.name, '')
order by community_code, n desc, estate_code

-- name: ledger(start, since, end, communities)
-- One community: hard cases open at the data time and of them those past their promised day, then those promised for [start, end) and cleared in time; petitions accepted from :since on.
with dated as (
    -- One hard case with whether its promised day was over at the data time, and lies in the range.
    select
        community_code,
        is_open,
        cast(promised_on as timestamp) + interval '1 day' <= (select as_of from snapshot_info) as is_over,
        promised_on >= cast(:start as date)
            and promised_on < cast(:end as date)
            and accepted_day >= cast(:since as date)
            and accepted_day < cast(:end as date) as is_asked,
        coalesce(cleared_on <= promised_on, false) as is_met,
    from mart_ledger
)

select
    community.community_code,
    (select count(*) from fct_hard_case) > 0 as is_known,
    cast(count(*) filter (where dated.is_open) as bigint) as open,
    cast(count(*) filter (where dated.is_open and dated.is_over) as bigint) as open_late,
    cast(count(*) filter (where dated.is_asked and dated.is_over) as bigint) as due,
    cast(count(*) filter (where dated.is_asked and dated.is_over and dated.is_met) as bigint) as due_met,
from dim_community as community
left join dated on dated.community_code = community.community_code
where list_contains(cast(:communities as varchar[]), community.community_code)
group by community.community_code, community.sort_order
order by community.sort_order

-- name: repeats(start, end, communities, limit, revoked)
-- One matter that petitions of the range repeat, the most repeated on top: how often in the range, and the latest of them.
select
    earlier_petition_id,
    count(*) as n,
    max(accepted_at) as latest_at,
    max_by(petition_id, accepted_at) as petition_id,
    max_by(category_1, accepted_at) as category_1,
    max_by(subject, accepted_at) as subject,
    max_by(state, accepted_at) as state,
from mart_repeat
where
    accepted_day >= cast(:start as date)
    and accepted_day < cast(:end as date)
    and list_contains(cast(:communities as varchar[]), community_code)
    and not list_contains(cast(:revoked as varchar[]), batch_id)
    and not list_contains(cast(:revoked as varchar[]), link_batch_id)
group by earlier_petition_id
order by n desc, latest_at desc, earlier_petition_id asc
limit cast(:limit as bigint)

-- name: night_talks(start, since, end, communities)
-- One community: evening sessions of [since, end) with their visitors, of them those from :start on, and the day of the last.
with held as (
    -- One session of the range.
    select community_code, held_on, visitors
    from fct_night_talk
    where held_on >= cast(:since as date) and held_on < cast(:end as date)
)

select
    community.community_code,
    (select count(*) from fct_night_talk) > 0 as is_known,
    cast(count(held.held_on) as bigint) as talks,
    cast(coalesce(sum(held.visitors), 0) as bigint) as visitors,
    cast(count(*) filter (where held.held_on >= cast(:start as date)) as bigint) as talks_month,
    cast(
        coalesce(sum(held.visitors) filter (where held.held_on >= cast(:start as date)), 0) as bigint
    ) as visitors_month,
    max(held.held_on) as last_on,
from dim_community as community
left join held on held.community_code = community.community_code
where list_contains(cast(:communities as varchar[]), community.community_code)
group by community.community_code, community.sort_order
order by community.sort_order

-- name: sites(communities)
-- One community, kind of place where petitions are taken and its status, with how many there are and their posts.
select
    community_code,
    level,
    coalesce(status, '') as status,
    cast(count(*) as bigint) as n,
    cast(sum(posts) as bigint) as posts,
from fct_site
where list_contains(cast(:communities as varchar[]), community_code)
group by community_code, level, coalesce(status, '')
order by community_code, level, status
