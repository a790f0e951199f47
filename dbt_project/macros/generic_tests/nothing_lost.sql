{#- On a `__rejected` model: what was kept and what was rejected together are all that came in. -#}
{% test nothing_lost(model, came_in, kept) %}
  select 1
  where (select count(*) from {{ came_in }}) <>
    (select coalesce(sum(records), 0) from {{ model }})
    {%- for relation in kept %}
    + (select count(*) from {{ relation }})
    {%- endfor %}
{% endtest %}
