with people as (
    select county, sex, cast(sum(population) as bigint) as population
    from {{ ref('county_population_by_age_sex') }}
    group by county, sex
),

deaths as (
    select county, quarter, sex, count(*) as deaths
    from {{ ref('stg_overdose_deaths') }}
    group by county, quarter, sex
),

cells as (
    select
        people.county,
        regions.region,
        quarters.quarter as period,
        quarters.year,
        people.sex,
        coalesce(deaths.deaths, 0) as deaths
    from people
    inner join {{ ref('county_regions') }} as regions on people.county = regions.county
    cross join {{ ref('reporting_quarters') }} as quarters
    left join deaths
        on people.county = deaths.county
        and quarters.quarter = deaths.quarter
        and people.sex = deaths.sex
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        dimensions=[
            {'column': 'county', 'groups': ['region'], 'total': 'California'},
            {'column': 'period', 'groups': ['year'], 'total': 'All years'},
            {'column': 'sex', 'total': 'All'},
        ],
        sums={'deaths': 'bigint'},
    ) }}
)

select county, period, sex, deaths
from with_margins
order by period, county, sex
