{% macro reporting_years() -%}
  {{- return(adapter.dispatch('reporting_years', 'ddg')()) -}}
{%- endmacro %}

{% macro default__reporting_years() -%}
  {%- for year in range(var('first_year') | int, var('last_year') | int + 1) %}
  select {{ year }} as year{{ " union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}


{% macro quarter_label(date) -%}
  {{- return(adapter.dispatch('quarter_label', 'ddg')(date)) -}}
{%- endmacro %}

{% macro default__quarter_label(date) -%}
  cast(extract(year from {{ date }}) as {{ dbt.type_string() }}) || '-Q' || cast(extract(quarter from {{ date }}) as {{ dbt.type_string() }})
{%- endmacro %}


{#- Text such as 5/29/2012 as a date; null where it is none: a plain cast would stop, and its message show the value. -#}
{% macro month_day_year(text) -%}
  {{- return(adapter.dispatch('month_day_year', 'ddg')(text)) -}}
{%- endmacro %}

{% macro default__month_day_year(text) -%}
  {{ exceptions.raise_compiler_error("month_day_year: there is none for " ~ adapter.type() ~ " yet; write a macro "
    ~ adapter.type() ~ "__month_day_year(text) that gives null for what is no date") }}
{%- endmacro %}

{% macro duckdb__month_day_year(text) -%}
  cast(try_strptime({{ text }}, '%m/%d/%Y') as date)
{%- endmacro %}

{#- Nested, because PostgreSQL promises no order of evaluation within one condition. -#}
{% macro postgres__month_day_year(text) -%}
  {%- set month = "cast(split_part(" ~ text ~ ", '/', 1) as integer)" -%}
  {%- set day = "cast(split_part(" ~ text ~ ", '/', 2) as integer)" -%}
  {%- set year = "cast(split_part(" ~ text ~ ", '/', 3) as integer)" -%}
  case when {{ text }} ~ '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$' then
    case when {{ year }} > 0 and {{ month }} between 1 and 12 then
      case when {{ day }} between 1 and extract(day from make_date({{ year }}, {{ month }}, 1) + interval '1 month - 1 day')
        then make_date({{ year }}, {{ month }}, {{ day }})
      end
    end
  end
{%- endmacro %}

{% macro spark__month_day_year(text) -%}
  case when {{ text }} rlike '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$' then
    cast(try_to_timestamp({{ text }}, 'M/d/yyyy') as date)
  end
{%- endmacro %}
