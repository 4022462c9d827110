-- name: known(record_id, communities)
-- One kind of record with how many of that number the snapshot holds, shown or not; nothing of what they say.
select
    kind,
    count(*) as n,
from fct_credit_event
where
    event_id = :record_id
    and community_code = any(cast(:communities as varchar[]))
group by kind
order by kind
