-- Every count under 500 over denominators that give ties, endless decimals, nobody, and nothing.
with digits as (
    {% for digit in range(10) %}select {{ digit }} as digit{{ " union all " if not loop.last }}{% endfor %}
),

counts as (
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit as n
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    where hundreds.digit < 5
    union all
    select cast(null as integer) as n
),

denominators as (
    {% for value in ["null", "0", "-5", "3", "7", "8", "16", "64", "125", "640", "1600", "4096", "12800", "211632", "39538223"] %}
    select cast({{ value }} as bigint) as d{{ " union all" if not loop.last }}
    {% endfor %}
)

select
    n,
    d,
    {{ ddg.safe_rate('n', 'd') }} as per_100000,
    {{ ddg.safe_rate('n', 'd', per=1000, decimals=2) }} as per_1000,
    {{ ddg.safe_rate('n', 'd', per=1, decimals=0) }} as per_person
from counts
cross join denominators
