select reporter, patient, record, weight, county, sex, age_group, cases, charges
from {{ source('source', 'cases') }}
