with deaths as (
    select
        trim(record_id) as record_id,
        date_of_death,
        {{ ddg.quarter_label('date_of_death') }} as quarter,
        age,
        case upper(trim(sex)) when 'FEMALE' then 'Female' when 'MALE' then 'Male' end as sex,
        trim(race_ethnicity) as race_ethnicity,
        nullif(trim(county_geoid), '') as county_geoid,
        {{ ddg.county_fips('county_geoid') }} as county_fips,
        row_number() over (partition by trim(record_id) order by date_of_death) as copy_number
    from {{ source('source', 'overdose_deaths') }}
)

select
    deaths.record_id,
    deaths.date_of_death,
    deaths.quarter,
    deaths.age,
    deaths.sex,
    deaths.race_ethnicity,
    deaths.county_fips,
    counties.county,
    case
        when deaths.record_id is null then 'no record number'
        when deaths.copy_number > 1 then 'record number seen before'
        when deaths.date_of_death is null then 'no date of death'
        when extract(year from deaths.date_of_death) not between {{ var('first_year') }} and {{ var('last_year') }}
            then 'date of death outside the reporting years'
        when deaths.county_geoid is null then 'no county of residence'
        when counties.county is null then 'county of residence outside California'
        when deaths.sex is null then 'sex not reported'
    end as rejection_reason
from deaths
left join {{ ref('county_population') }} as counties on deaths.county_fips = counties.county_fips
