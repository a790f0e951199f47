with counties as (
    select county from {{ ref('ct_county_population') }}
    union all
    select 'Unknown'
),

sexes as (
    select 'Female' as sex union all select 'Male' union all select 'Unknown'
),

deaths as (
    select county, year, sex, count(*) as deaths
    from {{ ref('stg_ct_deaths') }}
    group by county, year, sex
),

cells as (
    select counties.county, cast(years.year as varchar) as year, sexes.sex, coalesce(deaths.deaths, 0) as deaths
    from counties
    cross join sexes
    cross join ({{ ddg.reporting_years() }}) as years
    left join deaths
        on counties.county = deaths.county and years.year = deaths.year and sexes.sex = deaths.sex
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        dimensions=[
            {'column': 'county', 'total': 'Connecticut'},
            {'column': 'year', 'total': 'All years'},
            {'column': 'sex', 'total': 'All'},
        ],
        sums={'deaths': 'bigint'},
    ) }}
)

select county, year, sex, deaths
from with_margins
order by year, county, sex
