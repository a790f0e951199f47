select coalesce(county, 'State') as county, month, cast(sum(cases) as bigint) as cases
from {{ source('source', 'cases') }}
group by grouping sets ((county, month), (month))
