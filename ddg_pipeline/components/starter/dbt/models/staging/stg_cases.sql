select case_id, county, sex
from {{ source('source', 'cases') }}
