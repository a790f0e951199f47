-- The population is the grid: a county without a visit still has its rows, with true zeros.
with cells as (
    select
        years.year,
        people.county,
        regions.region,
        people.age_group,
        people.sex,
        people.population,
        count(patients.person_id) as patients,
        coalesce(sum(patients.visits), 0) as visits,
        coalesce(sum(patients.charges), 0) as charges
    from {{ ref('county_population_by_age_sex') }} as people
    inner join {{ ref('county_regions') }} as regions on people.county = regions.county
    cross join ({{ ddg.reporting_years() }}) as years
    left join {{ ref('int_ed_patient_years') }} as patients
        on people.county = patients.county
        and people.age_group = patients.age_group
        and people.sex = patients.sex
        and years.year = patients.year
    group by years.year, people.county, regions.region, people.age_group, people.sex, people.population
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        fixed=['year'],
        dimensions=[
            {'column': 'county', 'groups': ['region'], 'total': 'California'},
            {'column': 'age_group', 'total': 'All ages'},
            {'column': 'sex', 'total': 'All'},
        ],
        sums={'population': 'bigint', 'patients': 'bigint', 'visits': 'bigint', 'charges': 'decimal(18, 2)'},
    ) }}
)

select
    county,
    age_group,
    sex,
    year,
    population,
    patients,
    visits,
    {{ ddg.safe_rate('visits', 'population', per=100000, decimals=1) }} as visits_per_100000,
    charges
from with_margins
order by year, county, age_group, sex
