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
-- One estate of the communities with its households, its petitions of [since, end), and of them those from :start on; petitions of none or an unknown one under ''.
with counted as (
    -- One estate code of petitions ('' for none) with its petitions.
    select
        coalesce(estate_code, '') as estate_code,
        count(*) as n,
        count(*) filter (where accepted_day >= cast(:start as date)) as n_month,
    from fct_petition
    where
        accepted_day >= cast(:since as date)
        and accepted_day < cast(:end as date)
        and community_code = any(cast(:communities as varchar[]))
    group by coalesce(estate_code, '')
),

named as (
    -- One estate of the register in these communities.
    select estate_code, name, households
    from dim_estate
    where community_code = any(cast(:communities as varchar[]))
)

select
    coalesce(named.estate_code, '') as estate_code,
    coalesce(named.name, '') as estate_name,
    max(named.households) as households,
    cast(coalesce(sum(counted.n), 0) as bigint) as n,
    cast(coalesce(sum(counted.n_month), 0) as bigint) as n_month,
from named
full join counted on counted.estate_code = named.estate_code
group by coalesce(named.estate_code, ''), coalesce(named.name, '')
order by n desc, estate_code asc

-- name: ledger(start, since, end, communities)
-- One row: hard cases open at the data time and of them those past their promised day, then those promised for [start, end) and cleared in time; petitions accepted from :since on.
with place as (
    -- One row: whether anything was ever put on a ledger, and the data time.
    select
        (select count(*) from fct_hard_case) as listed_anywhere,
        as_of,
    from snapshot_info
),

standing as (
    -- One row: what stands on the ledger at the data time.
    select
        count(*) as open,
        count(*) filter (
            where cast(hard_case.promised_on as timestamp) + interval '1 day' <= place.as_of
        ) as open_late,
    from mart_open as petition
    inner join fct_hard_case as hard_case on hard_case.petition_id = petition.petition_id
    cross join place
    where
        petition.is_hard_case
        and petition.community_code = any(cast(:communities as varchar[]))
),

promised as (
    -- One hard case whose promised day lies in the range and was over at the data time.
    select petition_id, promised_on, cleared_on
    from fct_hard_case
    cross join place
    where
        promised_on >= cast(:start as date)
        and promised_on < cast(:end as date)
        and cast(promised_on as timestamp) + interval '1 day' <= place.as_of
),

cleared as (
    -- One row: how many of them there are here, and how many were cleared by their promised day.
    select
        count(*) as due,
        count(*) filter (where promised.cleared_on <= promised.promised_on) as due_met,
    from fct_petition as petition
    inner join promised on promised.petition_id = petition.petition_id
    where
        petition.accepted_day >= cast(:since as date)
        and petition.accepted_day < cast(:end as date)
        and petition.community_code = any(cast(:communities as varchar[]))
)

select
    place.listed_anywhere > 0 as is_known,
    cast(standing.open as bigint) as open,
    cast(standing.open_late as bigint) as open_late,
    cast(cleared.due as bigint) as due,
    cast(cleared.due_met as bigint) as due_met,
from place
cross join standing
cross join cleared

-- name: repeats(start, end, communities, limit, revoked)
-- One matter that petitions of the range repeat, the most repeated on top: how often in the range, and the latest of them.
select
    link.earlier_petition_id,
    count(*) as n,
    max(petition.accepted_at) as latest_at,
    max_by(petition.petition_id, petition.accepted_at) as petition_id,
    max_by(petition.category_1, petition.accepted_at) as category_1,
    max_by(petition.subject, petition.accepted_at) as subject,
    max_by(petition.state, petition.accepted_at) as state,
from fct_petition as petition
inner join fct_repeat_link as link on link.petition_id = petition.petition_id
where
    petition.accepted_day >= cast(:start as date)
    and petition.accepted_day < cast(:end as date)
    and petition.community_code = any(cast(:communities as varchar[]))
    and petition.is_repeat
    and petition.batch_id <> all(cast(:revoked as varchar[]))
    and link.batch_id <> all(cast(:revoked as varchar[]))
group by link.earlier_petition_id
order by n desc, latest_at desc, link.earlier_petition_id asc
limit cast(:limit as bigint)

-- name: night_talks(start, since, end, communities)
-- One row: evening sessions of [since, end) with their visitors, of them those from :start on, and the day of the last.
select
    (select count(*) from fct_night_talk) > 0 as is_known,
    cast(count(*) as bigint) as talks,
    cast(coalesce(sum(visitors), 0) as bigint) as visitors,
    cast(count(*) filter (where held_on >= cast(:start as date)) as bigint) as talks_month,
    cast(coalesce(sum(visitors) filter (where held_on >= cast(:start as date)), 0) as bigint) as visitors_month,
    max(held_on) as last_on,
from fct_night_talk
where
    held_on >= cast(:since as date)
    and held_on < cast(:end as date)
    and community_code = any(cast(:communities as varchar[]))

-- name: sites(communities)
-- One kind of place where petitions are taken and its status, with how many the communities have and their posts.
select
    level,
    coalesce(status, '') as status,
    cast(count(*) as bigint) as n,
    cast(sum(posts) as bigint) as posts,
from fct_site
where community_code = any(cast(:communities as varchar[]))
group by level, coalesce(status, '')
order by level, status
