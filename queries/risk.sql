-- name: classes(month, communities)
-- One firm with its class in a month.
select
    uscc,
    risk_class,
from mart_risk
where month_start = cast(:month as date) and community_code = any(cast(:communities as varchar[]))
order by uscc

-- name: months(communities)
-- One month and class with how many firms are in it.
select
    month_start,
    risk_class,
    cast(sum(n) as bigint) as n,
from mart_risk_cell
where community_code = any(cast(:communities as varchar[]))
group by month_start, risk_class
order by month_start, risk_class

-- name: versions()
-- One version of the rules that a month of the snapshot was classified by.
select
    version.version,
    version.title,
    version.starts_on,
    version.limit_b,
    version.limit_c,
    version.limit_d,
    version.rule_hash,
    min(cell.month_start) as first_month,
    max(cell.month_start) as last_month,
from mart_risk_version as version
left join (select distinct month_start from mart_risk_cell) as cell
    on cell.month_start >= date_trunc('month', version.starts_on)
    and (version.ends_on is null or cell.month_start < date_trunc('month', version.ends_on))
group by all
order by version.starts_on

-- name: grid(by_row, by_column, since, month, before, communities)
-- One cell of two dimensions (class, county, community, industry, sector, park, month) with its firms in the month, those in class C or D, and both in the month to compare with; where a dimension is the month, all months from :since to :month and nothing to compare.
with placed as (
    -- One cell of the cube under the two dimensions that were asked for.
    select
        case cast(:by_row as varchar)
            when 'class' then risk_class
            when 'county' then county_code
            when 'community' then community_code
            when 'industry' then industry_section
            when 'sector' then sector_code
            when 'park' then park_code
            when 'month' then cast(month_start as varchar)
            else ''
        end as row_code,
        case cast(:by_column as varchar)
            when 'class' then risk_class
            when 'county' then county_code
            when 'community' then community_code
            when 'industry' then industry_section
            when 'sector' then sector_code
            when 'park' then park_code
            when 'month' then cast(month_start as varchar)
            else ''
        end as column_code,
        risk_class in ('C', 'D') as is_high,
        'month' in (cast(:by_row as varchar), cast(:by_column as varchar)) or month_start = cast(:month as date) as is_now,
        n,
    from mart_risk_cell
    where
        community_code = any(cast(:communities as varchar[]))
        and case
            when 'month' in (cast(:by_row as varchar), cast(:by_column as varchar))
                then month_start >= cast(:since as date) and month_start <= cast(:month as date)
            else month_start in (cast(:month as date), cast(:before as date))
        end
)

select
    row_code,
    column_code,
    cast(coalesce(sum(n) filter (where is_now), 0) as bigint) as n,
    cast(coalesce(sum(n) filter (where is_now and is_high), 0) as bigint) as n_high,
    cast(coalesce(sum(n) filter (where not is_now), 0) as bigint) as n_before,
    cast(coalesce(sum(n) filter (where not is_now and is_high), 0) as bigint) as n_high_before,
from placed
group by row_code, column_code
order by row_code, column_code

-- name: penalties(by_row, by_column, since, communities, revoked, today, hidden)
-- One cell of a dimension of firms and one of penalties (kind, field, severity) with the penalties since :since that may be seen today, and the firms that they were given to.
select
    case cast(:by_row as varchar)
        when 'county' then county_code
        when 'community' then community_code
        when 'industry' then industry_section
        when 'sector' then coalesce(sector_code, '')
        else ''
    end as row_code,
    case cast(:by_column as varchar) when 'kind' then kind when 'field' then field else severity end as column_code,
    count(*) as n,
    count(distinct uscc) as firms,
from fct_penalty
where
    decided_on >= cast(:since as date)
    and community_code = any(cast(:communities as varchar[]))
    and visible_from <= cast(:today as date)
    and (visible_until is null or visible_until > cast(:today as date))
    and not penalty_id = any(cast(:hidden as varchar[]))
    and not batch_id = any(cast(:revoked as varchar[]))
group by row_code, column_code
order by row_code, column_code

-- name: moves(before, month, communities)
-- One pair of classes, in the month and one month or twelve before it, with how many firms went that way ('' = not classified then).
with stayed as (
    -- One pair of classes of the firms of the month.
    select
        case
            when cast(:before as date) = cast(month_start - interval '1 month' as date) then class_before
            when cast(:before as date) = cast(month_start - interval '12 months' as date) then class_year_before
        end as class_before,
        risk_class,
        cast(sum(n) as bigint) as n,
    from mart_risk_cell
    where month_start = cast(:month as date) and community_code = any(cast(:communities as varchar[]))
    group by 1, 2
),

earlier as (
    -- One class with all its firms of the earlier month.
    select
        risk_class,
        cast(sum(n) as bigint) as n,
    from mart_risk_cell
    where month_start = cast(:before as date) and community_code = any(cast(:communities as varchar[]))
    group by risk_class
),

gone as (
    -- One class of the earlier month with its firms that have none in the month.
    select
        earlier.risk_class as class_before,
        earlier.n - coalesce(sum(stayed.n), 0) as n,
    from earlier
    left join stayed on stayed.class_before = earlier.risk_class
    group by earlier.risk_class, earlier.n
)

select
    class_before,
    risk_class,
    n,
from stayed
union all
select
    class_before,
    '' as risk_class,
    cast(n as bigint) as n,
from gone
where n > 0
order by class_before, risk_class

-- name: reasons(before, communities, today, hidden, revoked)
-- One reason with the firms that have it in the newest month, those of them in class C or D, and those that got worse since an earlier month; only what may be seen today.
with touched as (
    -- One reason of a firm of whose records a decision or a withdrawn batch took some away.
    select
        uscc,
        reason_code,
    from mart_risk_fact
    where event_id = any(cast(:hidden as varchar[])) or batch_id = any(cast(:revoked as varchar[]))
    group by uscc, reason_code
),

gone as (
    -- One of these of which nothing is left.
    select
        fact.uscc,
        fact.reason_code,
    from mart_risk_fact as fact
    inner join touched on touched.uscc = fact.uscc and touched.reason_code = fact.reason_code
    group by fact.uscc, fact.reason_code
    having
        count(*) filter (
            where
                (fact.visible_until is null or fact.visible_until > cast(:today as date))
                and not fact.event_id = any(cast(:hidden as varchar[]))
                and not fact.batch_id = any(cast(:revoked as varchar[]))
        ) = 0
),

counted as (
    -- One reason with its firms; a reason made of records counts as long as one of them may be seen.
    select
        reason.reason_code,
        count(*) as n,
        count(*) filter (where reason.risk_class in ('C', 'D')) as n_high,
        count(worse.uscc) as n_worse,
    from mart_risk_reason as reason
    left join mart_risk_worse as worse on worse.uscc = reason.uscc and worse.month_start = cast(:before as date)
    left join gone on gone.uscc = reason.uscc and gone.reason_code = reason.reason_code
    where
        reason.community_code = any(cast(:communities as varchar[]))
        and reason.points > 0
        and (reason.visible_until is null or reason.visible_until > cast(:today as date))
        and gone.uscc is null
    group by reason.reason_code
)

select
    word.reason_code,
    word.dimension,
    word.name,
    word.wording,
    counted.n,
    counted.n_high,
    counted.n_worse,
from counted
inner join dim_risk_reason as word on word.reason_code = counted.reason_code
order by counted.n_high desc, counted.n desc, word.reason_code

-- name: firms(month, before, risk_class, county, community, industry, sector, park, limit, communities, today, hidden, revoked)
-- One firm of a cell, the highest score first; '' takes all of a dimension; the reasons are those of the newest month that may be seen today.
with withdrawn as (
    -- One firm whose row in the register was withdrawn.
    select uscc
    from dim_enterprise
    where batch_id = any(cast(:revoked as varchar[]))
),

chosen as (
    -- One firm in the month; its name and its earlier class are looked up for these few alone.
    select
        risk.uscc,
        risk.risk_class,
        risk.score,
    from mart_risk as risk
    left join withdrawn on withdrawn.uscc = risk.uscc
    where
        risk.month_start = cast(:month as date)
        and risk.community_code = any(cast(:communities as varchar[]))
        and (:risk_class = '' or risk.risk_class = :risk_class)
        and (:county = '' or risk.county_code = :county)
        and (:community = '' or risk.community_code = :community)
        and (:industry = '' or risk.industry_section = :industry)
        and (:sector = '' or risk.sector_code = :sector)
        and (:park = '' or risk.park_code = :park)
        and withdrawn.uscc is null
    order by risk.score desc, risk.uscc
    limit cast(:limit as bigint)
),

seen as (
    -- One reason of a chosen firm that may be seen today.
    select
        reason.uscc,
        reason.reason_code,
        max(reason.points) as points,
    from mart_risk_reason as reason
    inner join chosen on chosen.uscc = reason.uscc
    left join mart_risk_fact as fact on fact.uscc = reason.uscc and fact.reason_code = reason.reason_code
    where
        reason.points > 0
        and (
            fact.event_id is null
            or ((fact.visible_until is null or fact.visible_until > cast(:today as date))
                and not fact.event_id = any(cast(:hidden as varchar[]))
                and not fact.batch_id = any(cast(:revoked as varchar[])))
        )
    group by reason.uscc, reason.reason_code
),

said as (
    -- One firm with its reasons in words, the heaviest first.
    select
        seen.uscc,
        string_agg(word.name, '、' order by seen.points desc, seen.reason_code) as reasons,
    from seen
    inner join dim_risk_reason as word on word.reason_code = seen.reason_code
    group by seen.uscc
)

select
    chosen.uscc,
    firm.name,
    chosen.risk_class,
    coalesce(earlier.risk_class, '') as class_before,
    chosen.score,
    coalesce(said.reasons, '') as reasons,
    firm.county_name,
    firm.community_name,
    firm.industry_name,
    coalesce(firm.sector_name, '') as sector_name,
    coalesce(firm.park_name, '') as park_name,
from chosen
inner join dim_enterprise as firm on firm.uscc = chosen.uscc
left join mart_risk as earlier on earlier.uscc = chosen.uscc and earlier.month_start = cast(:before as date)
left join said on said.uscc = chosen.uscc
order by chosen.score desc, chosen.uscc

-- name: names(communities)
-- One value of a dimension of firms with its name, in the order of the lists.
with named as (
    -- One value of a dimension that firms in scope have.
    select distinct 'county' as dimension, county_code as code, county_name as name
    from dim_enterprise where community_code = any(cast(:communities as varchar[]))
    union all
    select distinct 'community', community_code, community_name
    from dim_enterprise where community_code = any(cast(:communities as varchar[]))
    union all
    select distinct 'industry', industry_section, industry_name
    from dim_enterprise where community_code = any(cast(:communities as varchar[]))
    union all
    select distinct 'sector', sector_code, sector_name
    from dim_enterprise where sector_code is not null and community_code = any(cast(:communities as varchar[]))
    union all
    select distinct 'park', park_code, park_name
    from dim_enterprise where park_code is not null and community_code = any(cast(:communities as varchar[]))
)

select
    named.dimension,
    named.code,
    coalesce(named.name, named.code) as name,
from named
left join dim_community as place on named.dimension = 'community' and place.community_code = named.code
order by named.dimension, place.sort_order, named.code
