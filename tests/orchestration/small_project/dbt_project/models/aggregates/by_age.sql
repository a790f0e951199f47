select
    coalesce(county, 'State') as county,
    coalesce(age_group, 'All') as age_group,
    cast(sum(cases) as bigint) as cases,
    cast(sum(charges) as decimal(18, 2)) as charges
from {{ ref('stg_cases') }}
group by grouping sets ((county, age_group), (county), (age_group), ())
