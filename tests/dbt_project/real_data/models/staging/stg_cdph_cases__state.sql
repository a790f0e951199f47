select disease, year, cases
from {{ ref('stg_cdph_cases__checked') }}
where rejection_reason is null and county = 'California'
