select trim(case_number) as case_number, reported, trim(county) as county
from {{ source('source', 'cases') }}
