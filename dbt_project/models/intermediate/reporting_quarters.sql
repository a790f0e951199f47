with years as ({{ ddg.reporting_years() }}),

quarters as (
    select 1 as number union all select 2 union all select 3 union all select 4
)

select
    cast(years.year as varchar) || '-Q' || cast(quarters.number as varchar) as quarter,
    cast(years.year as varchar) as year
from years
cross join quarters
order by 1
