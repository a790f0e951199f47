select record_id, date_of_death, quarter, age, sex, race_ethnicity, county_fips, county
from {{ ref('stg_overdose_deaths__checked') }}
where rejection_reason is null
