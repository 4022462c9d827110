-- One path of the category tree: declared by the deployment, or met in a petition.
select
    category_1,
    category_2,
    category_3,
from config_category
where category_1 is not null
union
select
    category_1,
    category_2,
    category_3,
from fct_petition
order by category_1, category_2, category_3
