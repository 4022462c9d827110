-- One day, community and estate ('' for none) with the petitions accepted, so that no question about estates reads petitions.
select
    accepted_day as day,
    community_code,
    coalesce(estate_code, '') as estate_code,
    count(*) as accepted,
from fct_petition
group by accepted_day, community_code, coalesce(estate_code, '')
order by day, community_code, estate_code
