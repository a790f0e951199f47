with reports as (
    select
        trim(case_id) as case_id,
        trim(disease) as disease,
        lower(trim(status)) as status,
        onset_date,
        extract(year from onset_date) as onset_year,
        age,
        case upper(trim(sex)) when 'FEMALE' then 'Female' when 'MALE' then 'Male' end as sex,
        row_number() over (partition by trim(case_id) order by onset_date) as copy_number
    from {{ source('source', 'tickborne_cases') }}
)

select
    case_id,
    disease,
    status,
    onset_date,
    cast(onset_year as integer) as onset_year,
    age,
    sex,
    case
        when case_id is null then 'no case number'
        when copy_number > 1 then 'case number seen before'
        when status is null or status not in ('confirmed', 'probable') then 'neither confirmed nor probable'
        when onset_date is null then 'no date of onset'
        when onset_year not between {{ var('first_year') }} and {{ var('last_year') }}
            then 'date of onset outside the reporting years'
        when age is null or age < 0 then 'no age'
        when sex is null then 'sex not reported'
    end as rejection_reason
from reports
