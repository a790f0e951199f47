{#- The sum of `column` by the columns `by` is the value of `to_column` in the relation `to`, and neither has more rows. -#}
{% test adds_up_to(model, column, by, to, to_column=none) %}
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
{% endtest %}
