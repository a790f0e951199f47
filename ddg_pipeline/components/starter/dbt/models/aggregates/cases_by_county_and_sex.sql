-- every county with both sexes, zeros too, and the margins
with margins as (
    select
        coalesce(county, 'All ten counties') as county,
        coalesce(sex, 'All') as sex,
        count(*) as cases
    from {{ ref('stg_cases') }}
    group by grouping sets ((county, sex), (county), (sex), ())
)

select counties.county, sexes.sex, cast(coalesce(margins.cases, 0) as bigint) as cases
from (select distinct county from margins) as counties
cross join (select distinct sex from margins) as sexes
left join margins using (county, sex)
