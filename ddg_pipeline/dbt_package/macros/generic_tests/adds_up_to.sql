{#- The sum of `column` by the columns `by` is the value of `to_column` in the relation `to`, and neither has more rows. -#}
{% test adds_up_to(model, column, by, to, to_column=none) %}
  {{ config(fail_calc='case when count(*) > 0 then 1 else 0 end', store_failures=false) }}
  {{ return(adapter.dispatch('test_adds_up_to', 'ddg')(model, column, by, to, to_column)) }}
{% endtest %}

{% macro default__test_adds_up_to(model, column, by, to, to_column) %}
  with summed as (
    select {{ by | join(', ') }}, sum({{ column }}) as value
    from {{ model }}
    group by {{ by | join(', ') }}
  )
  select 1
  from summed
  full outer join {{ to }} as other
    on {% for name in by %}summed.{{ name }} = other.{{ name }}{{ " and " if not loop.last }}{% endfor %}
  where summed.value is null
    or other.{{ to_column or column }} is null
    or summed.value <> other.{{ to_column or column }}
{% endmacro %}
