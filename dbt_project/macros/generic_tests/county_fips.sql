{% test county_fips(model, column_name) %}
  select 1
  from {{ model }}
  where {{ column_name }} is null
    or length({{ column_name }}) <> 3
    or not {{ is_digits(column_name) }}
{% endtest %}
