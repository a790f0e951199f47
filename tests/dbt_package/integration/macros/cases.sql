{#- One row a case: its number, what is given, and what must come out; both as SQL. -#}
{% macro cases(of, given, expected) -%}
  {%- for value, wanted in of %}
  select {{ loop.index }} as number, cast({{ value }} as {{ given }}) as given, cast({{ wanted }} as {{ expected }}) as expected
  {{- " union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}


{#- `found` is what was expected, null where null was. -#}
{% test as_expected(model) %}
  select number
  from {{ model }}
  where not coalesce(found = expected, found is null and expected is null)
{% endtest %}
