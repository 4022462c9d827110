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
left join mart_risk_cell as cell
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
-- One pair of classes, in an earlier month and in the month, with how many firms went that way ('' = not classified then).
with then_and_now as (
    -- One firm of either month with its class in both.
    select
        coalesce(earlier.risk_class, '') as class_before,
        coalesce(later.risk_class, '') as risk_class,
    from (
        select uscc, risk_class
        from mart_risk
        where month_start = cast(:before as date) and community_code = any(cast(:communities as varchar[]))
    ) as earlier
    full join (
        select uscc, risk_class
        from mart_risk
        where month_start = cast(:month as date) and community_code = any(cast(:communities as varchar[]))
    ) as later on later.uscc = earlier.uscc
)

select
    class_before,
    risk_class,
    count(*) as n,
from then_and_now
group by class_before, risk_class
order by class_before, risk_class

-- name: reasons(before, communities, today, hidden, revoked)
-- One reason with the firms that have it in the newest month, those of them in class C or D, and those that got worse since an earlier month; only what may be seen today.
with seen as (
    -- One reason of a firm; a reason made of records counts as long as one of them may be seen.
    select
        reason.uscc,
        reason.reason_code,
    from mart_risk_reason as reason
    left join mart_risk_fact as fact on fact.uscc = reason.uscc and fact.reason_code = reason.reason_code
    where
        reason.community_code = any(cast(:communities as varchar[]))
        and reason.points > 0
        and (
            fact.event_id is null
            or ((fact.visible_until is null or fact.visible_until > cast(:today as date))
                and not fact.event_id = any(cast(:hidden as varchar[]))
                and not fact.batch_id = any(cast(:revoked as varchar[])))
        )
    group by reason.uscc, reason.reason_code
),

now as (
    -- One firm with its class in the newest month.
    select uscc, risk_class
    from mart_risk
    where month_start = (select max(month_start) from mart_risk) and community_code = any(cast(:communities as varchar[]))
),

earlier as (
    -- One firm with its class in the earlier month.
    select uscc, risk_class
    from mart_risk
    where month_start = cast(:before as date) and community_code = any(cast(:communities as varchar[]))
)

select
    word.reason_code,
    word.dimension,
    word.name,
    word.wording,
    count(*) as n,
    count(*) filter (where now.risk_class in ('C', 'D')) as n_high,
    count(*) filter (where now.risk_class > earlier.risk_class) as n_worse,
from seen
inner join dim_risk_reason as word on word.reason_code = seen.reason_code
inner join now on now.uscc = seen.uscc
left join earlier on earlier.uscc = seen.uscc
group by word.reason_code, word.dimension, word.name, word.wording
order by n_high desc, n desc, word.reason_code

-- name: firms(month, before, risk_class, class_before, county, community, industry, sector, park, limit, communities, today, hidden, revoked)
-- One firm of a cell, the highest score first; '' takes all of a dimension; the reasons are those of the newest month that may be seen today.
with chosen as (
    -- One firm in the month with its class in the earlier one.
    select
        risk.uscc,
        risk.risk_class,
        coalesce(earlier.risk_class, '') as class_before,
        risk.score,
        risk.sector_code,
        risk.park_code,
        risk.industry_section,
        risk.county_code,
        risk.community_code,
    from mart_risk as risk
    inner join dim_enterprise as firm
        on firm.uscc = risk.uscc and not firm.batch_id = any(cast(:revoked as varchar[]))
    left join mart_risk as earlier
        on earlier.uscc = risk.uscc and earlier.month_start = cast(:before as date)
    where
        risk.month_start = cast(:month as date)
        and risk.community_code = any(cast(:communities as varchar[]))
        and cast(:risk_class as varchar) in ('', risk.risk_class)
        and cast(:class_before as varchar) in ('', coalesce(earlier.risk_class, ''))
        and cast(:county as varchar) in ('', risk.county_code)
        and cast(:community as varchar) in ('', risk.community_code)
        and cast(:industry as varchar) in ('', risk.industry_section)
        and cast(:sector as varchar) in ('', coalesce(risk.sector_code, ''))
        and cast(:park as varchar) in ('', coalesce(risk.park_code, ''))
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
    chosen.class_before,
    chosen.score,
    coalesce(said.reasons, '') as reasons,
    firm.county_name,
    firm.community_name,
    firm.industry_name,
    coalesce(firm.sector_name, '') as sector_name,
    coalesce(firm.park_name, '') as park_name,
from chosen
inner join dim_enterprise as firm on firm.uscc = chosen.uscc
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
