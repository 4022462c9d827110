-- One published figure of the credit half counted from the facts; none while no enterprise is known.
with anyone as (
    -- One row while there are enterprises.
    select count(*) as firms,
    from dim_enterprise
    having count(*) > 0
),

last_rank as (
    -- One row: the first month of 2022 beyond the first four of the country.
    select min(month) as month,
    from fct_city_index
    where dimension = '综合' and extract(year from month) = 2022 and rank_nation > 4
),

city as (
    -- One month of 2022 of the city's whole index.
    select
        year_2022.month,
        year_2022.score,
        year_2022.rank_province,
        year_2022.rank_nation,
        last_rank.month is null or year_2022.month < last_rank.month as is_in_run,
    from fct_city_index as year_2022
    cross join last_rank
    where year_2022.dimension = '综合' and extract(year from year_2022.month) = 2022
),

kinds as (
    -- One kind of information that came, with its number of records.
    select
        kind.type_code,
        kind.type_name,
        kind.disclosure,
        sum(month.n) as n,
    from mart_record_month as month
    inner join dim_record_type as kind on kind.type_code = month.type_code
    group by kind.type_code, kind.type_name, kind.disclosure
),

classes as (
    -- One enterprise with its class in the newest month.
    select
        uscc,
        risk_class,
    from mart_risk
    where month_start = (select max(month_start) from mart_risk)
),

visits as (
    -- One visit of a drawn inspection before or after the pilot.
    select
        stage,
        case when has_problem then 1.0 else 0.0 end as problem,
    from fct_inspection
    where arm in ('风险', '随机')
),

counted as (
    -- One figure that can be counted.
    select 'H02.index' as id, avg(score) as computed from city
    union all
    select 'H02.rank' as id, cast(max(rank_province) as double) as computed from city
    union all
    select 'H02.months_mean' as id, cast(count(*) as double) as computed from city
    union all
    select 'H02.months' as id, cast(count(*) as double) as computed from city where is_in_run
    union all
    select 'H02.national' as id, cast(max(rank_nation) as double) as computed from city where is_in_run
    union all
    select 'H04.registered' as id, cast(count(distinct uscc) as double) as computed from fct_loan
    union all
    select 'H04.whitelist' as id, cast(count(distinct uscc) as double) as computed
    from fct_loan
    where whitelisted_on is not null
    union all
    select 'H04.credit' as id, sum(granted_amount) as computed from fct_loan where granted_on is not null
    union all
    select 'H04.loans' as id, sum(drawn_amount) as computed from fct_loan where drawn_on is not null
    union all
    select 'H05.pushed' as id, cast(count(distinct uscc) as double) as computed from fct_loan where whitelisted_on is not null
    union all
    select 'H06.repaired' as id, cast(count(*) as double) as computed from fct_repair where result = '同意'
    union all
    select
        case kind when '中央预算内资金' then 'H08.budget' when '留抵退税' then 'H08.refund' else 'H08.loans' end as id,
        sum(amount) as computed,
    from fct_park_benefit
    where kind in ('中央预算内资金', '留抵退税', '信用贷款')
    group by kind
    union all
    select 'H10.disclosures' as id, cast(count(distinct disclosure) as double) as computed from kinds
    union all
    select 'H11.kinds' as id, cast(count(*) as double) as computed from kinds
    union all
    select 'H11.contracts' as id, cast(sum(n) as double) as computed
    from kinds
    where type_name in ('政府采购合同', '公共资源交易合同')
    union all
    select 'H14.mechanisms' as id, cast(count(distinct kind) as double) as computed from fct_mechanism
    union all
    select 'H17.default' as id, cast(count(distinct uscc) as double) as computed
    from fct_enforcement
    where debtor_kind = '机关事业' and outcome <> '退出'
    union all
    select 'H17.arrears' as id, coalesce(sum(amount), 0) as computed
    from fct_enforcement
    where debtor_kind = '机关事业' and kind = '账款拖欠' and outcome <> '退出'
    union all
    select 'H18.sectors' as id, cast(count(distinct sector_code) as double) as computed from dim_enterprise
    union all
    select 'H19.systems' as id, cast(count(distinct system) as double) as computed from fct_system_call
    union all
    select
        case kind
            when '核查' then 'H19.checks'
            when '承诺' then 'H19.promises'
            when '共享' then 'H19.shared'
            else 'H19.feedback'
        end as id,
        cast(sum(calls) as double) as computed,
    from fct_system_call
    group by kind
    union all
    select 'H21.enterprises' as id, cast(count(*) as double) as computed from classes
    union all
    select 'H21.colours' as id, cast(count(distinct risk_class) as double) as computed from classes
    union all
    select 'H22.inspections' as id, cast(count(*) as double) as computed from visits where stage = '试点后'
    union all
    select 'H22.before' as id, avg(problem) as computed from visits where stage = '试点前'
    union all
    select 'H22.after' as id, avg(problem) as computed from visits where stage = '试点后'
    union all
    select 'H27.scenes' as id, cast(count(*) as double) as computed from dim_scene
    union all
    select 'H28.merchants' as id, cast(count(*) as double) as computed from fct_merchant
    union all
    select case list when '红名单' then 'H29.red' else 'H29.black' end as id, cast(count(*) as double) as computed
    from fct_list_entry
    group by list
)

select
    counted.id,
    counted.computed,
from counted
cross join anyone
