-- One hard case with the community of its petition, and whether it stands on the ledger at the data time.
select
    hard_case.petition_id,
    petition.community_code,
    petition.accepted_day,
    hard_case.promised_on,
    hard_case.cleared_on,
    petition.is_hard_case and not petition.is_closed as is_open,
from fct_hard_case as hard_case
inner join fct_petition as petition on petition.petition_id = hard_case.petition_id
order by hard_case.petition_id
