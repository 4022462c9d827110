-- One community and batch with its open petitions that are overdue or due soon at the data time.
select
    community_code,
    batch_id,
    count(*) filter (where is_overdue) as overdue,
    count(*) filter (where is_due_soon) as due_soon,
from mart_open
where is_overdue or is_due_soon
group by community_code, batch_id
order by community_code, batch_id
