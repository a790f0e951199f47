-- Spellings seen in the published file.
with records as (
    select
        {{ ddg.month_day_year('"Date"') }} as date_of_death,
        lower(trim("Date Type")) as date_type,
        {{ ddg.whole_number('"Age"') }} as age,
        lower(trim("Sex")) as sex,
        lower(trim("Race")) as race,
        lower(trim("Ethnicity")) as ethnicity,
        case upper(trim("Residence County"))
            when 'NEWLONDON' then 'NEW LONDON'
            when 'MIDDLESEZ' then 'MIDDLESEX'
            else nullif(upper(trim("Residence County")), '')
        end as residence_county,
        nullif(upper(trim("Residence State")), '') as residence_state,
        lower(trim("Manner of Death")) as manner
    from {{ source('source', 'ct_drug_deaths') }}
)

select
    records.date_of_death,
    cast(extract(year from records.date_of_death) as integer) as year,
    records.date_type,
    records.age,
    case records.sex when 'female' then 'Female' when 'male' then 'Male' else 'Unknown' end as sex,
    case
        when records.ethnicity in (
            'hispanic', 'spanish/hispanic/latino', 'other spanish/hispanic/latino', 'puerto rican', 'cuban',
            'mexican, mexican american, chicano'
        ) then 'Hispanic'
        when records.race = 'white' then 'White'
        when records.race in ('black', 'black or african american') then 'Black'
        when records.race in (
            'asian, other', 'asian indian', 'other asian', 'asian/indian', 'chinese', 'korean'
        ) then 'Asian'
        when records.race in ('american indian or alaska native', 'native american, other') then 'American Indian or Alaska Native'
        when records.race = 'hawaiian' then 'Native Hawaiian or Pacific Islander'
        when records.race = 'other' then 'Other'
        else 'Unknown'
    end as race_ethnicity,
    coalesce(counties.county, 'Unknown') as county,
    case
        when records.date_of_death is null then 'no date'
        when records.manner is null or records.manner = 'pending' then 'manner of death not certified'
        when records.manner <> 'accident' then 'manner of death other than accident'
        when records.residence_state <> 'CT' then 'resident of another state'
        when records.residence_state is null and records.residence_county is not null and counties.county is null
            then 'county of residence outside Connecticut'
    end as rejection_reason
from records
left join {{ ref('ct_county_population') }} as counties on records.residence_county = upper(counties.county)
