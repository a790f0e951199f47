-- Every county has a row, those without a case too: in a published table a zero is a zero and no gap.
with counted as (
    select county, count(*) as cases
    from {{ ref('stg_cases') }}
    where extract(year from reported) = 2024
    group by county
),

cells as (
    select counties.county, counties.population, coalesce(counted.cases, 0) as cases
    from {{ ref('county_population') }} as counties
    left join counted on counties.county = counted.county
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        dimensions=[{'column': 'county', 'total': 'California'}],
        sums={'population': 'bigint', 'cases': 'bigint'},
    ) }}
)

select
    county,
    population,
    cases,
    {{ ddg.safe_rate('cases', 'population', per=100000, decimals=1) }} as cases_per_100000
from with_margins
order by county
