-- name: agreement(communities, revoked)
-- One row: petitions with a given deadline, a closing time and the source's own on-time flag, and those on which we agree.
select
    count(*) as compared,
    count(*) filter (where (closed_at_recorded <= due_at) = source_on_time) as agreed,
from fct_petition
where
    due_at_given is not null
    and closed_at_recorded is not null
    and source_on_time is not null
    and community_code = any(cast(:communities as varchar[]))
    and batch_id <> all(cast(:revoked as varchar[]))
