select reporter, county, sex, age_group, cases, charges
from {{ source('source', 'cases') }}
