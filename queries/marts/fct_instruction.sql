-- One written instruction of a leader, given by the data time.
select
    instruction.instruction_id,
    instruction.petition_id,
    instruction.given_by,
    instruction.given_at,
    instruction.requirement,
    instruction.unit,
    instruction.due_on,
    case when instruction.done_at <= build.as_of then instruction.done_at end as done_at,
    instruction._batch as batch_id,
from lake_instruction as instruction
cross join config_build as build
where instruction.given_at <= build.as_of
order by instruction.given_at, instruction.instruction_id
