-- One petition that repeats an earlier one, laid out by community and day: a month of a community is read without its other petitions.
select
    petition.community_code,
    petition.accepted_day,
    petition.accepted_at,
    petition.petition_id,
    link.earlier_petition_id,
    petition.category_1,
    petition.subject,
    petition.state,
    petition.batch_id,
    link.batch_id as link_batch_id,
from fct_petition as petition
inner join fct_repeat_link as link on link.petition_id = petition.petition_id
where petition.is_repeat
order by petition.community_code, petition.accepted_day, petition.petition_id
