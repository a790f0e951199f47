-- Towns in counties in regions; Nowhere belongs to no county, and Lone County to no region.
{%- set towns = [
    ("'Aton'", "'Alder'", "'North'"), ("'Bton'", "'Alder'", "'North'"), ("'Cton'", "'Birch'", "'North'"),
    ("'Dton'", "'Cedar'", "'South'"), ("'Eton'", "'Lone'", "null"), ("'Nowhere'", "null", "null"),
] %}
{% for year in [2020, 2021] %}{% set outer = loop %}{% for town, county, region in towns %}{% set middle = loop %}{% for sex in ["F", "M"] %}
select
    {{ year }} as year,
    {{ town }} as town,
    cast({{ county }} as {{ dbt.type_string() }}) as county,
    cast({{ region }} as {{ dbt.type_string() }}) as region,
    '{{ sex }}' as sex,
    cast({{ (outer.index * 7 + middle.index * 11 + loop.index * 3) % 13 }} as bigint) as n,
    cast({{ middle.index }}.25 as decimal(12, 2)) as dollars
{{ "union all" if not (outer.last and middle.last and loop.last) }}
{% endfor %}{% endfor %}{% endfor %}
