-- One day, community and first-level category with counts that can be added up, each on the day it belongs to.
with received as (
    -- One accepted day, community and category with what has become of its petitions by the data time.
    select
        accepted_day as day,
        community_code,
        category_1,
        count(*) as accepted,
        count(*) filter (where is_closed) as closed,
        count(*) filter (where is_followed_up) as followed_up,
        count(*) filter (where is_closing_known) as closing_known,
        count(*) filter (where is_followup_known) as followup_known,
        count(*) filter (where is_repeat_known) as repeat_known,
        count(*) filter (where is_repeat) as repeats,
        count(*) filter (where is_excluded) as excluded,
        count(*) filter (where is_valid_followup) as valid_followups,
        count(*) filter (where is_valid_followup and is_contacted) as responded,
        count(*) filter (where is_valid_followup and is_resolved) as resolved,
        count(*) filter (where is_valid_followup and satisfaction = '满意') as fully_satisfied,
        count(*) filter (where is_valid_followup and satisfaction = '基本满意') as fairly_satisfied,
    from fct_petition
    group by accepted_day, community_code, category_1
),

occurred as (
    -- One day, community, category and clock with the petitions due on that day and those that kept it.
    select
        cast(contact_due_at as date) as day,
        community_code,
        category_1,
        'contact' as clock,
        count(*) as due,
        count(*) filter (where contact_met) as met,
    from fct_petition
    where contact_met is not null
    group by cast(contact_due_at as date), community_code, category_1
    union all
    select
        cast(simple_due_at as date) as day,
        community_code,
        category_1,
        'simple' as clock,
        count(*) as due,
        count(*) filter (where simple_met) as met,
    from fct_petition
    where simple_met is not null
    group by cast(simple_due_at as date), community_code, category_1
    union all
    select
        cast(complex_due_at as date) as day,
        community_code,
        category_1,
        'complex' as clock,
        count(*) as due,
        count(*) filter (where complex_met) as met,
    from fct_petition
    where complex_met is not null
    group by cast(complex_due_at as date), community_code, category_1
    union all
    -- a deadline before acceptance counts from the day of acceptance
    select
        cast(greatest(due_at, accepted_at) as date) as day,
        community_code,
        category_1,
        'closing' as clock,
        count(*) as due,
        count(*) filter (where is_met) as met,
    from fct_petition
    where is_met is not null
    group by cast(greatest(due_at, accepted_at) as date), community_code, category_1
    union all
    -- closed after having become overdue
    select
        cast(greatest(closed_at, due_at, accepted_at) as date) as day,
        community_code,
        category_1,
        'late' as clock,
        count(*) as due,
        0 as met,
    from fct_petition
    where is_closed and not is_met
    group by cast(greatest(closed_at, due_at, accepted_at) as date), community_code, category_1
),

clocked as (
    -- One day, community and category with the counts of every clock side by side.
    select
        day,
        community_code,
        category_1,
        sum(case when clock = 'contact' then due else 0 end) as contact_due,
        sum(case when clock = 'contact' then met else 0 end) as contact_met,
        sum(case when clock = 'simple' then due else 0 end) as simple_due,
        sum(case when clock = 'simple' then met else 0 end) as simple_met,
        sum(case when clock = 'complex' then due else 0 end) as complex_due,
        sum(case when clock = 'complex' then met else 0 end) as complex_met,
        sum(case when clock = 'closing' then due else 0 end) as due,
        sum(case when clock = 'closing' then met else 0 end) as due_met,
        sum(case when clock = 'late' then due else 0 end) as overdue_closed,
    from occurred
    group by day, community_code, category_1
)

select
    coalesce(received.day, clocked.day) as day,
    coalesce(received.community_code, clocked.community_code) as community_code,
    coalesce(received.category_1, clocked.category_1) as category_1,
    coalesce(received.accepted, 0) as accepted,
    coalesce(received.closed, 0) as closed,
    coalesce(received.followed_up, 0) as followed_up,
    coalesce(received.closing_known, 0) as closing_known,
    coalesce(received.followup_known, 0) as followup_known,
    coalesce(received.repeat_known, 0) as repeat_known,
    coalesce(received.repeats, 0) as repeats,
    coalesce(received.excluded, 0) as excluded,
    coalesce(received.valid_followups, 0) as valid_followups,
    coalesce(received.responded, 0) as responded,
    coalesce(received.resolved, 0) as resolved,
    cast(coalesce(received.fully_satisfied + 0.9 * received.fairly_satisfied, 0) as double) as satisfied,
    cast(coalesce(received.fully_satisfied + 0.81 * received.fairly_satisfied, 0) as double) as satisfied_squares,
    cast(coalesce(clocked.contact_due, 0) as bigint) as contact_due,
    cast(coalesce(clocked.contact_met, 0) as bigint) as contact_met,
    cast(coalesce(clocked.simple_due, 0) as bigint) as simple_due,
    cast(coalesce(clocked.simple_met, 0) as bigint) as simple_met,
    cast(coalesce(clocked.complex_due, 0) as bigint) as complex_due,
    cast(coalesce(clocked.complex_met, 0) as bigint) as complex_met,
    cast(coalesce(clocked.due, 0) as bigint) as due,
    cast(coalesce(clocked.due_met, 0) as bigint) as due_met,
    cast(coalesce(clocked.due - clocked.due_met, 0) as bigint) as became_overdue,
    cast(coalesce(clocked.overdue_closed, 0) as bigint) as overdue_closed,
from received
full join clocked
    on clocked.day = received.day
    and clocked.community_code = received.community_code
    and clocked.category_1 = received.category_1
order by day, community_code, category_1
