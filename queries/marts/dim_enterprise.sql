-- One enterprise as last reported, with the names of everything that it belongs to.
select
    enterprise.uscc,
    enterprise.name,
    coalesce(spelled.pinyin, '') as pinyin,
    enterprise.industry_code,
    division.division_code,
    division.division_name,
    coalesce(division.section, 'none') as industry_section,
    coalesce(division.section_name, '未分类') as industry_name,
    enterprise.sector_code,
    sector.sector_name,
    coalesce(enterprise.county_code, 'none') as county_code,
    coalesce(county.county_name, '未登记') as county_name,
    coalesce(place.community_code, nowhere.community_code) as community_code,
    coalesce(place.community_name, nowhere.community_name) as community_name,
    enterprise.community_source,
    enterprise.park_code,
    park.name as park_name,
    enterprise.registered_on,
    enterprise.capital,
    enterprise.staff,
    enterprise.size,
    coalesce(enterprise.status, '存续') as status,
    enterprise._batch as batch_id,
from lake_enterprise as enterprise
left join config_initials as spelled on spelled.name = enterprise.name
left join dim_industry as division on division.division_code = substr(enterprise.industry_code, 1, 3)
left join dim_sector as sector on sector.sector_code = enterprise.sector_code
left join dim_county as county on county.county_code = enterprise.county_code
left join dim_park as park on park.park_code = enterprise.park_code
left join dim_community as place on place.community_code = enterprise.community_code
left join dim_community as nowhere on nowhere.community_code = 'none'
order by enterprise.uscc
