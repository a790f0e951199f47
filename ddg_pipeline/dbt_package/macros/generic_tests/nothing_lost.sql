{#- On a `__rejected` model: what was kept and what was rejected together are all that came in. -#}
{% test nothing_lost(model, came_in, kept) %}
  {{ config(fail_calc='case when count(*) > 0 then 1 else 0 end', store_failures=false) }}
  {{ return(adapter.dispatch('test_nothing_lost', 'ddg')(model, came_in, kept)) }}
{% endtest %}

{% macro default__test_nothing_lost(model, came_in, kept) %}
  select 1
  where (select count(*) from {{ came_in }}) <>
    (select coalesce(sum(records), 0) from {{ model }})
    {%- for relation in kept %}
    + (select count(*) from {{ relation }})
    {%- endfor %}
{% endmacro %}
