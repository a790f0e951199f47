select case_id, disease, status, onset_date, onset_year, age, sex
from {{ ref('stg_tickborne_cases__checked') }}
where rejection_reason is null
