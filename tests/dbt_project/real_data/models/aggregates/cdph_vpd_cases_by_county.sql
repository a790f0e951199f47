-- The state counts cases whose county nobody knows; they are the difference to the counties' sum.
with summed as (
    select disease, year, sum(cases) as cases from {{ ref('stg_cdph_cases') }} group by disease, year
),

cells as (
    select cases.disease, cases.county, regions.region, cases.year, cases.cases
    from {{ ref('stg_cdph_cases') }} as cases
    inner join {{ ref('county_regions') }} as regions on cases.county = regions.county
    union all
    select summed.disease, 'Unknown', cast(null as varchar), summed.year, given.cases - summed.cases
    from summed
    inner join {{ ref('stg_cdph_cases__state') }} as given
        on summed.disease = given.disease and summed.year = given.year
),

with_margins as (
    {{ ddg.with_margins(
        'cells',
        fixed=['disease', 'year'],
        dimensions=[{'column': 'county', 'groups': ['region'], 'total': 'California'}],
        sums={'cases': 'bigint'},
    ) }}
)

select disease, county, year, cases
from with_margins
order by disease, year, county
