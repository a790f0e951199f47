select
    visit,
    {{ ddg.county_fips('county') }} as code,
    cast(date_trunc('month', {{ ddg.month_day_year('arrived') }}) as date) as month,
    {{ ddg.age_group('age_in_years', ['0-39', '40+']) }} as age_group,
    {{ ddg.whole_number('nights') }} as nights,
    fee
from (
    select *, {{ ddg.whole_number('age') }} as age_in_years
    from {{ source('source', 'visits') }}
) as read
