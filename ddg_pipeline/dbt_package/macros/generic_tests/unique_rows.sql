{% test unique_rows(model, columns) %}
  {{ config(fail_calc='case when count(*) > 0 then 1 else 0 end', store_failures=false) }}
  {{ return(adapter.dispatch('test_unique_rows', 'ddg')(model, columns)) }}
{% endtest %}

{% macro default__test_unique_rows(model, columns) %}
  select 1
  from {{ model }}
  group by {{ columns | join(', ') }}
  having count(*) > 1
{% endmacro %}
