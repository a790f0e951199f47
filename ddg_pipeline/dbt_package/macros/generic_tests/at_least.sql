{% test at_least(model, column_name, minimum=0) %}
  {{ config(fail_calc='case when count(*) > 0 then 1 else 0 end', store_failures=false) }}
  {{ return(adapter.dispatch('test_at_least', 'ddg')(model, column_name, minimum)) }}
{% endtest %}

{% macro default__test_at_least(model, column_name, minimum) %}
  select 1
  from {{ model }}
  where {{ column_name }} is null or {{ column_name }} < {{ minimum }}
{% endmacro %}
