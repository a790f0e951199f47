-- The sum of the counties is what the table itself gives for California.
with summed as (
    select disease, year, cases from {{ ref('disease_cases_by_county') }} where county = 'California'
)

select 1
from summed
full outer join {{ ref('stg_disease_cases__state') }} as given
    on summed.disease = given.disease and summed.year = given.year
where coalesce(summed.cases <> given.cases, true)
