-- One of the ten actions.
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
    _batch as batch_id,
from lake_action
order by action_id
