select town, case when town = 'Nowhere' then 'in no county' when sex = 'M' then 'an example' end as rejection_reason
from {{ ref('cells') }}
