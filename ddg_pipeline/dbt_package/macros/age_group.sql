{#- Standard labels: "0-17", "18-34", "65+". -#}

{% macro age_group(age, groups=none) -%}
  {{- return(adapter.dispatch('age_group', 'ddg')(age, groups)) -}}
{%- endmacro %}

{% macro default__age_group(age, groups) -%}
  {%- set bounds = ddg._age_bounds(groups) -%}
  {%- set labels = ddg.age_group_labels(groups) -%}
  case
    when {{ age }} is null or {{ age }} < {{ bounds[0] }} then null
    {%- for upper in bounds[1:] %}
    when {{ age }} < {{ upper }} then '{{ labels[loop.index0] }}'
    {%- endfor %}
    else '{{ labels[-1] }}'
  end
{%- endmacro %}


{% macro age_group_labels(groups=none) -%}
  {%- set bounds = ddg._age_bounds(groups) -%}
  {%- set labels = [] -%}
  {%- for lower in bounds[:-1] -%}
    {%- set upper = bounds[loop.index0 + 1] - 1 -%}
    {%- do labels.append(lower ~ '' if lower == upper else lower ~ '-' ~ upper) -%}
  {%- endfor -%}
  {%- do labels.append(bounds[-1] ~ '+') -%}
  {{- return(labels) -}}
{%- endmacro %}


{% macro _age_bounds(given) -%}
  {%- set groups = given if given is not none else var('age_groups', []) -%}
  {%- set bounds = [] -%}
  {%- for group in groups -%}
    {%- if group is string -%}
      {%- set parts = group.replace('+', '').split('-') -%}
      {%- do bounds.append(parts[0] | int(-1)) -%}
      {#- "0-17" must end where the next group begins, or ages would fall between them. -#}
      {%- if loop.last -%}
        {%- set fits = group == bounds[-1] ~ '+' -%}
      {%- else -%}
        {%- set next = (groups[loop.index0 + 1] | string).replace('+', '').split('-')[0] | int(-1) -%}
        {%- set fits = parts[-1] | int(-1) == next - 1 -%}
      {%- endif -%}
      {%- if not fits -%}
        {{ exceptions.raise_compiler_error("age groups " ~ groups ~ ": '" ~ group ~ "' does not end where the next "
          ~ "group begins; write for example ['0-17', '18-64', '65+'], or the lower bounds alone: [0, 18, 65]") }}
      {%- endif -%}
    {%- else -%}
      {%- do bounds.append(group | int(-1)) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if not bounds or bounds[0] < 0 or bounds | unique | list != bounds | sort -%}
    {{ exceptions.raise_compiler_error("age groups " ~ groups ~ ": lower bounds must be whole numbers of years, 0 or "
      ~ "more, rising; write for example [0, 18, 65], in the call or as the variable `age_groups`") }}
  {%- endif -%}
  {{- return(bounds) -}}
{%- endmacro %}
