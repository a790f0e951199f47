{% test county_fips(model, column_name) %}
  {{ config(fail_calc='case when count(*) > 0 then 1 else 0 end', store_failures=false) }}
  {{ return(adapter.dispatch('test_county_fips', 'ddg')(model, column_name)) }}
{% endtest %}

{% macro default__test_county_fips(model, column_name) %}
  select 1
  from {{ model }}
  where {{ column_name }} is null
    or length({{ column_name }}) <> 3
    or not {{ ddg.is_digits(column_name) }}
{% endmacro %}
