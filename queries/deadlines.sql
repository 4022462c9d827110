-- name: agreement(communities, revoked)
-- One row: petitions with given deadline and closing time whose source flags punctuality, and those on which we agree.
-- A source that flags its petitions and leaves one blank does not call it on time: the blank counts as late, and is told apart.
with flagging as (
    -- One batch whose source flags at least one petition.
    select distinct batch_id
    from fct_petition
    where source_on_time is not null
)

select
    count(*) as compared,
    count(*) filter (where (petition.closed_at_recorded <= petition.due_at) = coalesce(petition.source_on_time, false)) as agreed,
    count(*) filter (where petition.source_on_time is null) as unflagged,
from fct_petition as petition
inner join flagging on flagging.batch_id = petition.batch_id
where
    petition.due_at_given is not null
    and petition.closed_at_recorded is not null
    and petition.community_code = any(cast(:communities as varchar[]))
    and petition.batch_id <> all(cast(:revoked as varchar[]))
