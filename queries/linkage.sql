-- name: communities(start, end, communities)
-- One community with its petitions of the span and its firms by class in the newest month, property companies apart.
with petitions as (
    -- One community with the petitions accepted in the span.
    select
        community_code,
        count(*) as petitions,
        count(*) filter (where category_1 = '物业管理') as property_petitions,
        count(*) filter (where is_repeat) as repeats,
    from fct_petition
    where accepted_day >= :start and accepted_day < :end
    group by community_code
),

firms as (
    -- One community with its firms by class.
    select
        community_code,
        cast(sum(n) as bigint) as firms,
        cast(sum(n) filter (where risk_class in ('C', 'D')) as bigint) as bad,
        cast(sum(n) filter (where sector_code = 'S01') as bigint) as property_firms,
        cast(sum(n) filter (where sector_code = 'S01' and risk_class in ('C', 'D')) as bigint) as property_bad,
        cast(sum(n) filter (where sector_code = 'S01' and risk_class <> 'A') as bigint) as property_not_green,
    from mart_risk_cell
    where month_start = (select max(month_start) from mart_risk_cell)
    group by community_code
),

visits as (
    -- One community with the inspections of its firms in the span.
    select
        community_code,
        count(*) as visits,
        count(*) filter (where has_problem) as found,
    from fct_inspection
    where inspected_on >= :start and inspected_on < :end
    group by community_code
)

select
    place.community_code,
    place.community_name,
    place.population,
    coalesce(petitions.petitions, 0) as petitions,
    coalesce(petitions.property_petitions, 0) as property_petitions,
    coalesce(petitions.repeats, 0) as repeats,
    coalesce(firms.firms, 0) as firms,
    coalesce(firms.bad, 0) as bad,
    coalesce(firms.property_firms, 0) as property_firms,
    coalesce(firms.property_bad, 0) as property_bad,
    coalesce(firms.property_not_green, 0) as property_not_green,
    coalesce(visits.visits, 0) as visits,
    coalesce(visits.found, 0) as found,
from dim_community as place
left join petitions on petitions.community_code = place.community_code
left join firms on firms.community_code = place.community_code
left join visits on visits.community_code = place.community_code
where list_contains(:communities, place.community_code) and place.community_code <> 'none'
order by place.sort_order;

-- name: sectors(start, end, communities)
-- One sector that petitions speak of: petitions of its categories, its firms by class, and what inspections found.
with petitions as (
    -- One sector with the petitions of the span in the communities.
    select
        topic.sector_code,
        string_agg(distinct coalesce(topic.category_2, topic.category_1), '、') as topics,
        count(*) as petitions,
    from fct_petition as petition
    inner join dim_topic as topic
        on
            petition.category_1 = topic.category_1
            and (topic.category_2 is null or petition.category_2 = topic.category_2)
    where
        petition.accepted_day >= :start
        and petition.accepted_day < :end
        and petition.community_code <> 'none'
        and list_contains(:communities, petition.community_code)
    group by topic.sector_code
),

firms as (
    -- One sector with its firms in the communities by class.
    select
        sector_code,
        cast(sum(n) as bigint) as firms,
        cast(sum(n) filter (where risk_class in ('C', 'D')) as bigint) as bad,
    from mart_risk_cell
    where
        month_start = (select max(month_start) from mart_risk_cell)
        and community_code <> 'none'
        and list_contains(:communities, community_code)
    group by sector_code
),

visits as (
    -- One sector with the inspections of the span, of firms of no community too: in the communities alone they are few.
    select
        sector_code,
        count(*) as visits,
        count(*) filter (where has_problem) as found,
    from fct_inspection
    where inspected_on >= :start and inspected_on < :end and list_contains(:communities, community_code)
    group by sector_code
)

select
    sector.sector_code,
    sector.sector_name,
    petitions.topics,
    petitions.petitions,
    coalesce(firms.firms, 0) as firms,
    coalesce(firms.bad, 0) as bad,
    coalesce(visits.visits, 0) as visits,
    coalesce(visits.found, 0) as found,
from petitions
inner join dim_sector as sector on sector.sector_code = petitions.sector_code
left join firms on firms.sector_code = petitions.sector_code
left join visits on visits.sector_code = petitions.sector_code
order by petitions.petitions desc;

-- name: estates(start, end, limit, communities)
-- One estate with its petitions about property management in the span and the property companies of its community by class.
with petitions as (
    -- One estate with its petitions about property management.
    select
        estate_code,
        count(*) as petitions,
        count(*) filter (where is_repeat) as repeats,
        count(*) filter (where not is_closed) as open,
    from fct_petition
    where
        accepted_day >= :start
        and accepted_day < :end
        and category_1 = '物业管理'
        and estate_code is not null
        and list_contains(:communities, community_code)
    group by estate_code
),

firms as (
    -- One community with its property companies by class.
    select
        community_code,
        cast(sum(n) as bigint) as property_firms,
        cast(sum(n) filter (where risk_class in ('C', 'D')) as bigint) as property_bad,
    from mart_risk_cell
    where sector_code = 'S01' and month_start = (select max(month_start) from mart_risk_cell)
    group by community_code
)

select
    estate.estate_code,
    estate.name,
    estate.community_name,
    estate.households,
    petitions.petitions,
    petitions.repeats,
    petitions.open,
    coalesce(firms.property_firms, 0) as property_firms,
    coalesce(firms.property_bad, 0) as property_bad,
from petitions
inner join dim_estate as estate on estate.estate_code = petitions.estate_code
left join firms on firms.community_code = estate.community_code
order by petitions.petitions desc, estate.estate_code
limit :limit;

-- name: firms(start, end, limit, communities, revoked)
-- One property company that is not green, with the property petitions of its community and its last inspection, worst first.
with newest as (
    -- One property company that is not green in the newest month.
    select
        uscc,
        risk_class,
        score,
        community_code,
    from mart_risk
    where
        month_start = (select max(month_start) from mart_risk_cell)
        and sector_code = 'S01'
        and risk_class <> 'A'
        and community_code <> 'none'
        and list_contains(:communities, community_code)
),

petitions as (
    -- One community with its property petitions of the span.
    select
        community_code,
        count(*) as petitions,
    from fct_petition
    where accepted_day >= :start and accepted_day < :end and category_1 = '物业管理'
    group by community_code
),

visits as (
    -- One firm with its last inspection and what that one found, whatever earlier ones did.
    select
        uscc,
        max(inspected_on) as inspected_on,
        max_by(
            case when has_problem then '发现问题' when has_problem is null then '未填' else '未发现问题' end,
            struct_pack(inspected_on := inspected_on, inspection_id := inspection_id)
        ) as found,
    from fct_inspection
    where not list_contains(:revoked, batch_id)
    group by uscc
)

select
    newest.uscc,
    firm.name,
    firm.community_name,
    newest.risk_class,
    newest.score,
    coalesce(petitions.petitions, 0) as petitions,
    visits.inspected_on,
    coalesce(visits.found, '') as found,
    count(*) over () as total,
from newest
inner join dim_enterprise as firm on firm.uscc = newest.uscc
left join petitions on petitions.community_code = newest.community_code
left join visits on visits.uscc = newest.uscc
where not list_contains(:revoked, firm.batch_id)
order by newest.risk_class desc, petitions.petitions desc nulls last, newest.uscc
limit :limit;
