-- One petition open at the data time, the longest overdue first.
with responsible as (
    -- One petition's main unit, numbered from the latest dispatch backwards; a returned dispatch does not count.
    select
        dispatch.petition_id,
        dispatch.unit,
        row_number() over (
            partition by dispatch.petition_id
            order by dispatch.dispatched_at desc, dispatch.sequence desc
        ) as turn,
    from fct_dispatch as dispatch
    inner join fct_petition as petition on petition.petition_id = dispatch.petition_id and not petition.is_closed
    where dispatch.role = '主办' and dispatch.returned_at is null
)

select
    petition.petition_id,
    petition.community_code,
    petition.community_name,
    petition.category_1,
    petition.category_2,
    petition.channel,
    petition.kind,
    petition.complexity,
    petition.subject,
    coalesce(responsible.unit, petition.first_unit) as unit,
    petition.accepted_at,
    petition.accepted_day,
    petition.due_at,
    petition.is_overdue,
    petition.is_due_soon,
    petition.is_hard_case,
    petition.state,
    case when petition.is_overdue then date_diff('second', petition.due_at, build.as_of) / 3600.0 end as hours_late,
    case when petition.due_at >= build.as_of then date_diff('second', build.as_of, petition.due_at) / 3600.0 end as hours_left,
    petition.batch_id,
from fct_petition as petition
cross join config_build as build
left join responsible on responsible.petition_id = petition.petition_id and responsible.turn = 1
where not petition.is_closed
order by petition.is_overdue desc, petition.due_at asc nulls last, petition.petition_id asc
