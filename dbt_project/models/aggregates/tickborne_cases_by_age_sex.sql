with people as (
    select age_group, sex, cast(sum(population) as bigint) as population
    from {{ ref('county_population_by_age_sex') }}
    group by age_group, sex
),

cases as (
    select {{ ddg.age_group('age') }} as age_group, sex, onset_year as year, count(*) as cases
    from {{ ref('stg_tickborne_cases') }}
    group by 1, 2, 3
),

cells as (
    select years.year, people.age_group, people.sex, people.population, coalesce(cases.cases, 0) as cases
    from people
    cross join ({{ ddg.reporting_years() }}) as years
    left join cases
        on people.age_group = cases.age_group
        and people.sex = cases.sex
        and years.year = cases.year
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        fixed=['year'],
        dimensions=[{'column': 'age_group', 'total': 'All ages'}, {'column': 'sex', 'total': 'All'}],
        sums={'population': 'bigint', 'cases': 'bigint'},
    ) }}
)

select
    age_group,
    sex,
    year,
    population,
    cases,
    {{ ddg.safe_rate('cases', 'population', per=1000000, decimals=1) }} as cases_per_million
from with_margins
order by year, age_group, sex
