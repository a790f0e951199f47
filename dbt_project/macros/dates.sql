{% macro reporting_years() -%}
  {%- for year in range(var('first_year') | int, var('last_year') | int + 1) %}
  select {{ year }} as year{{ " union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}


{% macro quarter_label(date) -%}
  cast(extract(year from {{ date }}) as varchar) || '-Q' || cast(extract(quarter from {{ date }}) as varchar)
{%- endmacro %}


{#- Text such as 5/29/2012 as a date; null where it is none. -#}
{% macro month_day_year(text) -%}
  {{ return(adapter.dispatch('month_day_year')(text)) }}
{%- endmacro %}

{% macro default__month_day_year(text) -%}
  to_date({{ text }}, 'MM/DD/YYYY')
{%- endmacro %}

{% macro duckdb__month_day_year(text) -%}
  cast(try_strptime({{ text }}, '%m/%d/%Y') as date)
{%- endmacro %}
