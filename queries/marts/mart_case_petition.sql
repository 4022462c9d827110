-- One petition of a case: of a cluster that the source names, else of a chain of repeats, known by its first petition.
with link as (
    -- One petition with the first one that it repeats; a link to a petition that itself repeats leads on to that one's.
    select
        later.petition_id,
        coalesce(before.earlier_petition_id, later.earlier_petition_id) as root,
    from fct_repeat_link as later
    left join fct_repeat_link as before
        on before.petition_id = later.earlier_petition_id
        and before.tier in ('T1', 'T2')
    where later.tier in ('T1', 'T2')
),

member as (
    -- One petition of a chain, its first one included.
    select petition_id, root
    from link
    union all
    select distinct root as petition_id, root
    from link
    where root not in (select petition_id from link)
)

select
    coalesce(nullif(petition.cluster_id, ''), member.root) as case_id,
    petition.petition_id,
    petition.community_code,
from fct_petition as petition
left join member on member.petition_id = petition.petition_id
where coalesce(nullif(petition.cluster_id, ''), member.root) is not null
order by case_id, petition_id
