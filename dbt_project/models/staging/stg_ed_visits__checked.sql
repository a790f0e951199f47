with visits as (
    select
        trim(visit_id) as visit_id,
        trim(person_id) as person_id,
        visit_date,
        extract(year from visit_date) as visit_year,
        {{ ddg.county_fips('county_fips') }} as county_fips,
        age,
        case upper(trim(sex)) when 'F' then 'Female' when 'M' then 'Male' end as sex,
        trim(race_ethnicity) as race_ethnicity,
        trim(diagnosis_group) as diagnosis_group,
        charges,
        row_number() over (partition by trim(visit_id) order by visit_date, trim(person_id)) as copy_number
    from {{ source('source', 'ed_visits') }}
),

races as (
    select distinct race_ethnicity from {{ ref('county_population_by_race_ethnicity') }}
)

select
    visits.visit_id,
    visits.person_id,
    visits.visit_date,
    cast(visits.visit_year as integer) as visit_year,
    visits.county_fips,
    counties.county,
    visits.age,
    visits.sex,
    visits.race_ethnicity,
    visits.diagnosis_group,
    visits.charges,
    case
        when visits.visit_id is null then 'no visit number'
        when visits.copy_number > 1 then 'visit number seen before'
        when visits.person_id is null then 'no person number'
        when visits.visit_date is null then 'no visit date'
        when visits.visit_year not between {{ var('first_year') }} and {{ var('last_year') }}
            then 'visit date outside the reporting years'
        when visits.county_fips is null then 'no county of residence'
        when counties.county is null then 'county of residence outside California'
        when visits.age is null or visits.age < 0 then 'no age'
        when visits.sex is null then 'sex not in the code list'
        when races.race_ethnicity is null then 'race/ethnicity not in the code list'
        when visits.charges is null then 'no charges'
    end as rejection_reason
from visits
left join {{ ref('county_population') }} as counties on visits.county_fips = counties.county_fips
left join races on visits.race_ethnicity = races.race_ethnicity
