-- name: list(revoked)
-- One of the ten actions, in the order of their numbers, as last reported.
select
    action_id,
    name,
    lead,
    target,
    started_on,
    due_on,
    progress,
    milestones,
    evidence,
from fct_action
where batch_id <> all(cast(:revoked as varchar[]))
order by action_id
