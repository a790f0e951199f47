select 1
where (select count(*) from {{ ref('stg_ed_visits') }}) <> (
    select sum(visits) from {{ ref('ed_visits_by_county_age_sex') }}
    where county = 'California' and age_group = 'All ages' and sex = 'All'
)
