select distinct county as town_or_county, region as above from {{ ref('cells') }} where county is not null
union
select distinct town, county from {{ ref('cells') }} where county is not null
union
select distinct town, region from {{ ref('cells') }}
