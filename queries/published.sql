-- name: check()
-- One published figure with the same figure counted from the facts, and whether the two agree; of a half not imported it is quoted.
with compared as (
    -- One figure with the step below which "more than" still holds: its last digit that is not zero.
    select
        figure.*,
        counted.computed,
        starts_with(figure.id, 'H') and not exists (select 1 from dim_enterprise) as is_not_there,
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
        when method = 'quoted' or is_not_there then 'quoted'
        when method = 'at_least' and computed >= published and computed < published + step then 'reproduced'
        when method = 'reproduced' and round(computed, coalesce(places, 0)) = round(published, coalesce(places, 0))
            then 'reproduced'
        else 'wrong'
    end as status,
    query,
    case when is_not_there and method <> 'quoted' then '尚未导入信用数据，只引用不计算' else reason end as reason,
    source,
from compared
order by id
