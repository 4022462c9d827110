-- name: parks(today, communities)
-- One park with its firms by class in the newest month and the money they got up to today, by kind.
with firms as (
    -- One park with its firms by class in the newest month.
    select
        park_code,
        cast(sum(n) as bigint) as firms,
        cast(sum(n) filter (where risk_class = 'A') as bigint) as n_a,
        cast(sum(n) filter (where risk_class = 'B') as bigint) as n_b,
        cast(sum(n) filter (where risk_class = 'C') as bigint) as n_c,
        cast(sum(n) filter (where risk_class = 'D') as bigint) as n_d,
    from mart_risk_cell
    where
        park_code <> ''
        and month_start = (select max(month_start) from mart_risk_cell)
        and list_contains(:communities, community_code)
    group by park_code
),

money as (
    -- One park with the money of its firms.
    select
        park_code,
        count(distinct uscc) as helped,
        sum(amount) filter (where kind = '中央预算内资金') as budget,
        sum(amount) filter (where kind = '留抵退税') as refund,
        sum(amount) filter (where kind = '信用贷款') as loans,
        sum(amount) as amount,
    from fct_park_benefit
    where granted_on <= :today and list_contains(:communities, community_code)
    group by park_code
)

select
    park.park_code,
    park.name,
    park.county_name,
    park.kind,
    park.opened_on,
    coalesce(firms.firms, 0) as firms,
    coalesce(firms.n_a, 0) as n_a,
    coalesce(firms.n_b, 0) as n_b,
    coalesce(firms.n_c, 0) as n_c,
    coalesce(firms.n_d, 0) as n_d,
    coalesce(money.helped, 0) as helped,
    coalesce(money.budget, 0) as budget,
    coalesce(money.refund, 0) as refund,
    coalesce(money.loans, 0) as loans,
    coalesce(money.amount, 0) as amount,
from dim_park as park
left join firms on firms.park_code = park.park_code
left join money on money.park_code = park.park_code
order by park.park_code;

-- name: whole(communities)
-- One row: all firms in being by class in the newest month, to hold the parks against.
select
    cast(coalesce(sum(n), 0) as bigint) as firms,
    cast(coalesce(sum(n) filter (where risk_class = 'A'), 0) as bigint) as n_a,
from mart_risk_cell
where month_start = (select max(month_start) from mart_risk_cell) and list_contains(:communities, community_code);

-- name: scenes(start, middle, end)
-- One scene with its uses in the span and in the time of the same length before, null where nothing reaches there.
select
    scene.scene_id,
    scene.name,
    scene.threshold,
    cast(coalesce(sum(used.uses) filter (where used.month >= :middle and used.month < :end), 0) as bigint) as uses,
    cast(sum(used.uses) filter (where used.month >= :start and used.month < :middle) as bigint) as before,
from dim_scene as scene
left join fct_scene_use as used on used.scene_id = scene.scene_id
group by scene.scene_id, scene.name, scene.threshold
order by uses desc, scene.scene_id;

-- name: merchants(communities)
-- One grade of honest merchants with their number, score, complaints, and those that are not green or yellow any more.
select
    merchant.grade,
    count(*) as n,
    avg(merchant.score) as score,
    cast(sum(merchant.complaints) as bigint) as complaints,
    count(*) filter (where risk.risk_class in ('C', 'D')) as n_bad,
from fct_merchant as merchant
left join mart_risk as risk
    on risk.uscc = merchant.uscc and risk.month_start = (select max(month_start) from mart_risk_cell)
where list_contains(:communities, merchant.community_code)
group by merchant.grade
order by merchant.grade desc;

-- name: policies(communities)
-- One policy with the firms that meet all its conditions, those told and served, and the money.
select
    policy.policy_id,
    policy.policy_name,
    policy.department,
    policy.service,
    policy.start_on,
    policy.source,
    count(*) filter (where firm.is_fitting) as n_fitting,
    count(firm.matched_on) as n_matched,
    count(*) filter (where firm.is_fitting and firm.matched_on is not null) as n_fitting_matched,
    count(*) filter (where firm.is_fitting and firm.served_on is not null) as n_fitting_served,
    count(firm.served_on) as n_served,
    count(*) filter (where firm.uscc is not null and not firm.is_fitting) as n_gone,
    coalesce(sum(firm.amount), 0) as amount,
from dim_policy as policy
left join mart_policy_firm as firm
    on firm.policy_id = policy.policy_id and list_contains(:communities, firm.community_code)
group by all
order by policy.policy_id;

-- name: steps(policy_id)
-- One condition of a policy with the firms that meet it and all before it; the whole register, whatever the scope.
select
    number,
    wording,
    firms,
    n,
from mart_policy_step
where policy_id = :policy_id
order by number;

-- name: unserved(policy_id, limit, communities, revoked)
-- One firm that meets all conditions of a policy and was not served yet; those told longest ago first, `total` of all.
select
    firm.uscc,
    firm.enterprise_name,
    firm.county_name,
    firm.industry_name,
    firm.park_name,
    firm.matched_on,
    case when firm.matched_on is null then '未匹配' else '已匹配未送达' end as state,
    count(*) over () as total,
from mart_policy_firm as firm
inner join dim_enterprise as enterprise on enterprise.uscc = firm.uscc
where
    firm.policy_id = :policy_id
    and firm.is_fitting
    and firm.served_on is null
    and list_contains(:communities, firm.community_code)
    and not list_contains(:revoked, enterprise.batch_id)
order by firm.matched_on nulls last, firm.uscc
limit :limit;
