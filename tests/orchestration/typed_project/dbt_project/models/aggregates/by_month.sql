with months as (
    select distinct month from {{ ref('stg_visits') }} where month is not null
),

cells as (
    select
        counties.code as county,
        months.month,
        count(visits.visit) as visits,
        coalesce(sum(case when visits.visit is not null then coalesce(visits.nights, 1) end), 0) as nights,
        sum(visits.fee) as fees
    from {{ ref('counties') }} as counties
    cross join months
    left join {{ ref('stg_visits') }} as visits on counties.code = visits.code and months.month = visits.month
    group by counties.code, months.month
),

summed as (
    {{ ddg.with_margins(
        'cells',
        [{'column': 'county', 'total': 'California'}, {'column': 'month'}],
        {'visits': 'bigint', 'nights': 'bigint', 'fees': 'decimal(18, 2)'},
    ) }}
)

select
    county,
    month,
    visits,
    nights,
    {{ ddg.safe_rate('nights', 'visits', per=1, decimals=2) }} as mean_stay,
    fees
from summed
