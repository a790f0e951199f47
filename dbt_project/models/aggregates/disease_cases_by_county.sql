with reported as (
    select distinct disease, year from {{ ref('stg_disease_cases') }}
),

cells as (
    select
        reported.disease,
        counties.county,
        regions.region,
        reported.year,
        counties.population,
        cases.cases -- null where a county is missing: unknown is not zero, and the tests stop there
    from reported
    cross join {{ ref('county_population') }} as counties
    inner join {{ ref('county_regions') }} as regions on counties.county = regions.county
    left join {{ ref('stg_disease_cases') }} as cases
        on reported.disease = cases.disease
        and reported.year = cases.year
        and counties.county = cases.county
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        fixed=['disease', 'year'],
        dimensions=[{'column': 'county', 'groups': ['region'], 'total': 'California'}],
        sums={'population': 'bigint', 'cases': 'bigint'},
    ) }}
)

select
    disease,
    county,
    year,
    population,
    cases,
    {{ ddg.safe_rate('cases', 'population', per=100000, decimals=1) }} as cases_per_100000
from with_margins
order by disease, year, county
