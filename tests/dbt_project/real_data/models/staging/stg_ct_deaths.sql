select date_of_death, year, date_type, age, sex, race_ethnicity, county
from {{ ref('stg_ct_deaths__checked') }}
where rejection_reason is null
