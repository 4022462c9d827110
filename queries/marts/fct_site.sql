-- One place where petitions are taken, with its status as last reported.
select
    site.site_id,
    site.level,
    site.name,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    site.community_source,
    site.estate_code,
    site.scene,
    site.posts,
    site.longitude,
    site.latitude,
    site.opened_on,
    site.target_on,
    site.status,
    site._batch as batch_id,
from lake_site as site
left join dim_community as place on place.community_code = site.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
order by site.site_id
