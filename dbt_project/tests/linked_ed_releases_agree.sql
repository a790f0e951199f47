-- The two releases of the same visits share every county, region and year: whoever reads both must see one figure.
with by_age_sex as (
    select county, year, population, patients, visits
    from {{ ref('ed_visits_by_county_age_sex') }}
    where age_group = 'All ages' and sex = 'All'
),

by_race as (
    select county, year, population, patients, visits
    from {{ ref('ed_visits_by_county_race') }}
    where race_ethnicity = 'All'
)

select 1
from by_age_sex
full outer join by_race on by_age_sex.county = by_race.county and by_age_sex.year = by_race.year
where coalesce(by_age_sex.population <> by_race.population, true)
    or coalesce(by_age_sex.patients <> by_race.patients, true)
    or coalesce(by_age_sex.visits <> by_race.visits, true)
