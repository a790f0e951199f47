select 1
where (select count(*) from {{ ref('stg_tickborne_cases') }}) <> (
    select sum(cases) from {{ ref('tickborne_cases_by_age_sex') }} where age_group = 'All ages' and sex = 'All'
)
