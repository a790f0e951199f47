select
    coalesce(county, 'State') as county,
    coalesce(sex, 'All') as sex,
    cast(sum(cases) as bigint) as cases,
    cast(sum(charges) as decimal(18, 2)) as charges
from {{ ref('stg_cases') }}
group by grouping sets ((county, sex), (county), (sex), ())
