-- One evening session in one community, held before the data time.
select
    talk.session_id,
    talk.held_on,
    talk.started_at,
    talk.ended_at,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    talk.community_source,
    talk.estate_code,
    talk.venue,
    talk.leader,
    talk.visitors,
    talk._batch as batch_id,
from lake_night_talk as talk
cross join config_build as build
left join dim_community as place on place.community_code = talk.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
where cast(talk.held_on as timestamp) < build.as_of
order by talk.held_on, talk.session_id
