with cells as (
    select
        years.year,
        people.county,
        regions.region,
        people.race_ethnicity,
        people.population,
        count(patients.person_id) as patients,
        coalesce(sum(patients.visits), 0) as visits
    from {{ ref('county_population_by_race_ethnicity') }} as people
    inner join {{ ref('county_regions') }} as regions on people.county = regions.county
    cross join ({{ ddg.reporting_years() }}) as years
    left join {{ ref('int_ed_patient_years') }} as patients
        on people.county = patients.county
        and people.race_ethnicity = patients.race_ethnicity
        and years.year = patients.year
    group by years.year, people.county, regions.region, people.race_ethnicity, people.population
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        fixed=['year'],
        dimensions=[
            {'column': 'county', 'groups': ['region'], 'total': 'California'},
            {'column': 'race_ethnicity', 'total': 'All'},
        ],
        sums={'population': 'bigint', 'patients': 'bigint', 'visits': 'bigint'},
    ) }}
)

select county, race_ethnicity, year, population, patients, visits
from with_margins
order by year, county, race_ethnicity
