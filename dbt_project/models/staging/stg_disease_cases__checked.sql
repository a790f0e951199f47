with cases as (
    select
        trim("Disease") as disease,
        trim("County") as county,
        case when "Year" between 1900 and 2100 then cast("Year" as integer) end as year,
        "Count" as cases,
        row_number() over (partition by trim("Disease"), trim("County"), "Year" order by "Count") as copy_number
    from {{ source('source', 'disease_cases') }}
),

reported_by_county as (
    select distinct disease, year from cases where county <> 'California'
)

select
    cases.disease,
    cases.county,
    cases.year,
    cases.cases,
    case
        when cases.copy_number > 1 then 'disease, county and year seen before'
        when cases.year is null then 'no year'
        when cases.cases is null or cases.cases < 0 then 'no count'
        when cases.county = 'California' and reported_by_county.disease is null
            then 'reported for the state alone, by no county'
        when cases.county <> 'California' and counties.county is null then 'no county of California'
    end as rejection_reason
from cases
left join reported_by_county
    on cases.disease = reported_by_county.disease and cases.year = reported_by_county.year
left join {{ ref('county_population') }} as counties on cases.county = counties.county
