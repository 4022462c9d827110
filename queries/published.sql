-- name: check()
-- One published figure with the same figure counted from the facts, and whether the two agree; of a half not imported it is quoted.
with compared as (
    -- One figure with the step below which "more than" still holds: its last digit that is not zero.
    select
        figure.*,
        counted.computed,
        case
            when starts_with(figure.id, 'H') and not exists (select 1 from dim_enterprise) then '信用'
            when
                starts_with(figure.id, 'X')
                and not exists (select 1 from fct_petition)
                and exists (select 1 from dim_enterprise)
                then '诉求'
        end as missing,
        case
            when figure.published % 10000 = 0 then 10000
            when figure.published % 1000 = 0 then 1000
            when figure.published % 100 = 0 then 100
            when figure.published % 10 = 0 then 10
            else 1
        end as step,
    from dim_figure as figure
    left join mart_published as counted on counted.id = figure.id
)

select
    id,
    label,
    published,
    computed,
    unit,
    case
        when method = 'quoted' or missing is not null then 'quoted'
        when method = 'at_least' and computed >= published and computed < published + step then 'reproduced'
        when method = 'reproduced' and round(computed, coalesce(places, 0)) = round(published, coalesce(places, 0))
            then 'reproduced'
        else 'wrong'
    end as status,
    query,
    case
        when missing is not null and method <> 'quoted' then concat('尚未导入', missing, '数据，只引用不计算')
        else reason
    end as reason,
    source,
from compared
order by id
