-- A person who comes often is one patient of the year: with the county, age, sex and race/ethnicity of the first visit,
-- so that patients add up over every one of these, and both releases drawn from here agree on their shared margins.
with numbered as (
    select
        *,
        row_number() over (partition by person_id, visit_year order by visit_date, visit_id) as visit_number
    from {{ ref('stg_ed_visits') }}
),

visits as (
    select
        person_id,
        visit_year,
        cast(count(*) as bigint) as visits,
        cast(sum(charges) as decimal(18, 2)) as charges
    from numbered
    group by person_id, visit_year
)

select
    visits.person_id,
    visits.visit_year as year,
    first_visits.county,
    {{ ddg.age_group('first_visits.age') }} as age_group,
    first_visits.sex,
    first_visits.race_ethnicity,
    visits.visits,
    visits.charges
from visits
inner join numbered as first_visits
    on visits.person_id = first_visits.person_id
    and visits.visit_year = first_visits.visit_year
    and first_visits.visit_number = 1
