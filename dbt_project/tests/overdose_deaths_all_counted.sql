select 1
where (select count(*) from {{ ref('stg_overdose_deaths') }}) <> (
    select sum(deaths) from {{ ref('overdose_deaths_by_county_quarter') }}
    where county = 'California' and period = 'All years' and sex = 'All'
)
