-- One petition with an extension approved by the data time, with the deadline of the last approval.
with ordered as (
    -- One approved extension with its place in the order of its petition, latest approval first.
    select
        extension.petition_id,
        extension.new_due_at,
        row_number() over (
            partition by extension.petition_id
            order by extension.approved_at desc, extension.applied_at desc
        ) as turn,
    from lake_extension as extension
    cross join config_build as build
    where extension.approved_at <= build.as_of
)

select
    petition_id,
    new_due_at,
from ordered
where turn = 1
