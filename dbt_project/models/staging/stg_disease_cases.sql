select disease, county, year, cases
from {{ ref('stg_disease_cases__checked') }}
where rejection_reason is null and county <> 'California'
