{% macro rejected(checked) -%}
  {{- return(adapter.dispatch('rejected', 'ddg')(checked)) -}}
{%- endmacro %}

{% macro default__rejected(checked) -%}
  select
    rejection_reason,
    cast(count(*) as bigint) as records
  from {{ checked }}
  where rejection_reason is not null
  group by rejection_reason
  order by rejection_reason
{%- endmacro %}
