-- One published figure with the same figure counted from the facts; dates as yyyymmdd, rates as fractions.
with channel as (
    -- One channel with what came in, what was closed and what was followed up.
    select
        channel,
        count(*) as accepted,
        count(*) filter (where kind = '投诉') as complaint,
        count(*) filter (where kind = '咨询') as consult,
        count(*) filter (where coalesce(kind, '其他') not in ('投诉', '咨询')) as other,
        count(*) filter (where is_closed) as closed,
        count(*) filter (where is_followed_up) as followed_up,
    from fct_petition
    where channel in ('信箱', '心安在线', '心安夜话')
    group by channel
),

reached as (
    -- One community that any of the heart-ease activities has reached.
    select community_code from fct_night_talk
    union
    select community_code from fct_home_visit
    union
    select community_code from fct_petition where channel in ('心安在线', '心安夜话', '心安到家')
),

counted as (
    -- One figure that can be counted.
    select 'X01.total' as id, cast(accepted as double) as computed from channel where channel = '信箱'
    union all
    select 'X01.complaint' as id, cast(complaint as double) as computed from channel where channel = '信箱'
    union all
    select 'X01.consult' as id, cast(consult as double) as computed from channel where channel = '信箱'
    union all
    select 'X01.other' as id, cast(other as double) as computed from channel where channel = '信箱'
    union all
    select 'X01.closed' as id, cast(closed as double) as computed from channel where channel = '信箱'
    union all
    select 'X01.closing_rate' as id, cast(closed as double) / accepted as computed from channel where channel = '信箱'
    union all
    select 'X01.followed' as id, cast(followed_up as double) as computed from channel where channel = '信箱'
    union all
    select 'X01.followup_rate' as id, cast(followed_up as double) / accepted as computed from channel where channel = '信箱'
    union all
    select 'X03.communities' as id, cast(count(*) as double) as computed from reached where community_code <> 'none'
    union all
    select 'X04.visitors' as id, cast(sum(visitors) as double) as computed from fct_night_talk
    union all
    select 'X04.demands' as id, cast(accepted as double) as computed from channel where channel = '心安夜话'
    union all
    select
        'X04.since' as id,
        cast(
            extract(year from min(held_on)) * 10000 + extract(month from min(held_on)) * 100 + extract(day from min(held_on))
            as double
        ) as computed,
    from fct_night_talk
    union all
    select 'X05.closed' as id, cast(closed as double) as computed from channel where channel = '心安在线'
    union all
    select 'X05.closing_rate' as id, cast(closed as double) / accepted as computed from channel where channel = '心安在线'
    union all
    select 'X06.households' as id, cast(count(distinct household) as double) as computed from fct_home_visit
    union all
    select 'X06.demands' as id, cast(sum(demands) as double) as computed from fct_home_visit
    union all
    select 'X08.stations' as id, cast(count(*) as double) as computed from fct_site where level = '服务站' and status = '启用'
    union all
    -- centres of a whole community that have been presented or are in use
    select 'X10.centres' as id, cast(count(*) as double) as computed
    from fct_site
    where level = '邻里中心' and estate_code is null and status in ('亮相', '启用')
    union all
    select 'X14.actions' as id, cast(count(*) as double) as computed from fct_action
    union all
    select 'X27.contact' as id, cast(contact_minutes as double) as computed from int_rule
    union all
    select 'X27.simple' as id, cast(simple_minutes as double) / 60 as computed from int_rule
    union all
    select 'X27.complex' as id, cast(complex_minutes as double) / 1440 as computed from int_rule
    union all
    select 'X36.pioneers' as id, cast(count(*) as double) as computed from fct_pioneer where kind = '十大先锋'
    union all
    select 'X36.cases' as id, cast(count(*) as double) as computed from fct_pioneer where kind = '十佳案例'
    union all
    select 'X37.pioneers' as id, cast(count(*) as double) as computed from fct_pioneer where kind = '行动先锋'
    union all
    select 'X37.studios' as id, cast(count(*) as double) as computed from fct_pioneer where kind = '工作室'
    union all
    select 'X37.centres' as id, cast(count(*) as double) as computed
    from fct_site
    where level = '邻里中心' and estate_code is null and status in ('亮相', '启用')
    union all
    select 'X38.population' as id, cast(sum(population) as double) as computed from dim_community
    union all
    select 'X38.communities' as id, cast(count(*) as double) as computed from dim_community where community_code <> 'none'
    union all
    select 'X38.estates' as id, cast(count(*) as double) as computed from dim_estate
    union all
    select id, computed from int_published_credit
)

select
    counted.id,
    counted.computed,
from counted
where counted.id in (select id from config_figure)
order by counted.id
