{#- Sums a table over every combination of margins in one pass (GROUPING SETS). -#}

{% macro with_margins(relation, dimensions, sums, fixed=[]) -%}
  {{- return(adapter.dispatch('with_margins', 'ddg')(relation, dimensions, sums, fixed)) -}}
{%- endmacro %}

{% macro default__with_margins(relation, dimensions, sums, fixed) -%}
  {#- One entry for each way a dimension can be summed: its own column, each broader group, the total (none). -#}
  {%- set combinations = namespace(of=[[]]) -%}
  {%- for dimension in dimensions -%}
    {%- set levels = [dimension.column] + dimension.get('groups', []) + (['(total)'] if dimension.get('total') else []) -%}
    {%- set longer = [] -%}
    {%- for combination in combinations.of -%}
      {%- for level in levels -%}
        {%- do longer.append(combination + ([] if level == '(total)' else [level])) -%}
      {%- endfor -%}
    {%- endfor -%}
    {%- set combinations.of = longer -%}
  {%- endfor -%}
  {%- set groups = dimensions | map(attribute='groups', default=[]) | sum(start=[]) -%}
  {%- if groups %}
  select {{ (fixed + dimensions | map(attribute='column') | list + sums.keys() | list) | join(', ') }}
  from (
  {%- endif %}
  select
  {%- for column in fixed %}
    cells.{{ column }},
  {%- endfor %}
  {%- for dimension in dimensions %}
    case
      when grouping(cells.{{ dimension.column }}) = 0 then cells.{{ dimension.column }}
      {%- for group in dimension.get('groups', []) %}
      when grouping(cells.{{ group }}) = 0 then cells.{{ group }}
      {%- endfor %}
      {%- if dimension.get('total') %}
      else '{{ dbt.escape_single_quotes(dimension.total) }}'
      {%- endif %}
    end as {{ dimension.column }},
  {%- endfor %}
  {%- for column, type in sums.items() %}
    cast(sum(cells.{{ column }}) as {{ type }}) as {{ column }}{{ "," if not loop.last }}
  {%- endfor %}
  {%- if groups %},
    {#- A category without a broader group is in no group's row. Not by HAVING, where Spark does not know the columns. -#}
    case
      {%- for group in groups %}
      when grouping(cells.{{ group }}) = 0 and cells.{{ group }} is null then 1
      {%- endfor %}
      else 0
    end as in_no_group
  {%- endif %}
  from {{ relation }} as cells
  group by grouping sets (
  {%- for combination in combinations.of %}
    (
      {%- for column in fixed + combination -%}
        cells.{{ column }}{{ ", " if not loop.last }}
      {%- endfor -%}
    ){{ "," if not loop.last }}
  {%- endfor %}
  )
  {%- if groups %}
  ) as summed
  where in_no_group = 0
  {%- endif %}
{%- endmacro %}
