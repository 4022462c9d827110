-- One entry of an enterprise in a red or black list.
select
    entry.entry_id,
    entry.uscc,
    entry.list,
    entry.basis,
    entry.entered_on,
    entry.valid_until,
    case when cast(entry.removed_on as timestamp) < build.as_of then entry.removed_on end as removed_on,
    entry.subject_kind,
    least(
        cast(entry.valid_until + interval '1 day' as date),
        case when cast(entry.removed_on as timestamp) < build.as_of then entry.removed_on end,
        revoked.revoked_on
    ) as visible_until,
    coalesce(firm.name, '（未登记企业）') as enterprise_name,
    coalesce(firm.county_code, 'none') as county_code,
    coalesce(firm.county_name, '未登记') as county_name,
    coalesce(firm.community_code, nowhere.community_code) as community_code,
    coalesce(firm.community_name, nowhere.community_name) as community_name,
    coalesce(firm.industry_section, 'none') as industry_section,
    coalesce(firm.industry_name, '未分类') as industry_name,
    firm.sector_code,
    firm.sector_name,
    entry._batch as batch_id,
from lake_list_entry as entry
cross join config_build as build
left join dim_enterprise as firm on firm.uscc = entry.uscc
left join dim_community as nowhere on nowhere.community_code = 'none'
left join config_revoked as revoked on revoked.record_id = entry.entry_id
where cast(entry.entered_on as timestamp) < build.as_of
order by entry.entered_on, entry.entry_id
