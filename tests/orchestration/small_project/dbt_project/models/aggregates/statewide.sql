select sex, cast(sum(cases) as bigint) as cases
from {{ ref('stg_cases') }}
group by sex
