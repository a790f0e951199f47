{#-
  Every total and every broader group of `dimension` is the sum of its categories, for each of `measures`, within every
  combination of the other dimensions `by`. `hierarchy` is the relation that says which category belongs to which group.
-#}
{% test margins_add_up(model, dimension, by, measures, total, hierarchy=none, child=none, parent=none) %}
  {{ config(fail_calc='case when count(*) > 0 then 1 else 0 end', store_failures=false) }}
  {{ return(adapter.dispatch('test_margins_add_up', 'ddg')(model, dimension, by, measures, total, hierarchy, child, parent)) }}
{% endtest %}

{% macro default__test_margins_add_up(model, dimension, by, measures, total, hierarchy, child, parent) %}
  {%- set keys = by | join(', ') -%}
  {%- set label = dbt.string_literal(dbt.escape_single_quotes(total)) -%}
  with categories as (
    select *
    from {{ model }}
    where {{ dimension }} <> {{ label }}
    {%- if hierarchy %}
      and {{ dimension }} not in (select {{ parent }} from {{ hierarchy }} where {{ parent }} is not null)
    {%- endif %}
  ),
  expected as (
    select {{ keys }}, {{ label }} as label{% for m in measures %}, sum({{ m }}) as {{ m }}{% endfor %}
    from categories
    group by {{ keys }}
    {%- if hierarchy %}
    union all
    select {{ keys }}, groups.{{ parent }} as label{% for m in measures %}, sum(categories.{{ m }}) as {{ m }}{% endfor %}
    from categories
    inner join (
      select distinct {{ child }} as category, {{ parent }} from {{ hierarchy }} where {{ parent }} is not null
    ) as groups
      on categories.{{ dimension }} = groups.category
    group by {{ keys }}, groups.{{ parent }}
    {%- endif %}
  ),
  carried as (
    select *
    from {{ model }}
    where {{ dimension }} = {{ label }}
    {%- if hierarchy %}
      or {{ dimension }} in (select {{ parent }} from {{ hierarchy }} where {{ parent }} is not null)
    {%- endif %}
  )
  select 1
  from expected
  full outer join carried
    on carried.{{ dimension }} = expected.label
    {%- for name in by %} and carried.{{ name }} = expected.{{ name }}{% endfor %}
  where expected.label is null
    or carried.{{ dimension }} is null
    {%- for m in measures %}
    or coalesce(carried.{{ m }} <> expected.{{ m }}, true)
    {%- endfor %}
{% endmacro %}
