{{ config(materialized='table') }}

select
    visit_id, person_id, visit_date, visit_year, county_fips, county, age, sex, race_ethnicity, diagnosis_group, charges
from {{ ref('stg_ed_visits__checked') }}
where rejection_reason is null
