-- name: past(communities, limit, revoked)
-- One instruction of the imported ledger, the latest first; its petition tells whose it is.
select
    instruction.instruction_id,
    instruction.given_by,
    instruction.given_at,
    instruction.requirement,
    instruction.unit,
    instruction.due_on,
    instruction.done_at,
    case
        when instruction.done_at is not null and (instruction.due_on is null or cast(instruction.done_at as date) <= instruction.due_on)
            then '按期落实'
        when instruction.done_at is not null then '逾期落实'
        when instruction.due_on < cast(info.as_of as date) then '逾期未落实'
        else '办理中'
    end as state,
    petition.community_name,
    petition.petition_id,
from fct_instruction as instruction
cross join snapshot_info as info
inner join fct_petition as petition on instruction.petition_id = petition.petition_id
where
    petition.community_code = any(cast(:communities as varchar[]))
    and instruction.batch_id <> all(cast(:revoked as varchar[]))
    and petition.batch_id <> all(cast(:revoked as varchar[]))
order by instruction.given_at desc, instruction.instruction_id asc
limit cast(:limit as bigint)

-- name: past_counts(start, communities, revoked)
-- One community with its instructions of the imported ledger: all, those not done yet, and those given since :start or not done yet.
select
    petition.community_code,
    count(*) as n,
    count(*) filter (where instruction.done_at is null) as n_open,
    count(*) filter (where instruction.done_at is null or instruction.given_at >= cast(:start as date)) as n_since,
from fct_instruction as instruction
inner join fct_petition as petition on instruction.petition_id = petition.petition_id
where
    petition.community_code = any(cast(:communities as varchar[]))
    and instruction.batch_id <> all(cast(:revoked as varchar[]))
    and petition.batch_id <> all(cast(:revoked as varchar[]))
group by petition.community_code
order by petition.community_code

-- name: departments(revoked)
-- One department that can be asked to do something; stations of communities are communities already.
select unit, level
from dim_department
where coalesce(level, '') <> '社区' and batch_id <> all(cast(:revoked as varchar[]))
order by coalesce(level, '') <> '街道', unit
