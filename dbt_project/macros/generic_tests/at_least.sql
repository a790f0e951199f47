{% test at_least(model, column_name, minimum=0) %}
  select 1
  from {{ model }}
  where {{ column_name }} is null or {{ column_name }} < {{ minimum }}
{% endtest %}
