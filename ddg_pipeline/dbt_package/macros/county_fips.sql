{#- County codes as the portal wants them: three digits, as text. -#}

{% macro county_fips(code, state=none) -%}
  {{- return(adapter.dispatch('county_fips', 'ddg')(code, state if state is not none else var('state_fips', '06'))) -}}
{%- endmacro %}

{% macro default__county_fips(code, state) -%}
  {%- set text = "trim(cast(" ~ code ~ " as " ~ dbt.type_string() ~ "))" -%}
  case
    when {{ ddg.is_digits(text) }} then
      case
        when length({{ text }}) <= 3 then lpad({{ text }}, 3, '0')
        when length({{ text }}) = 5 and substring({{ text }}, 1, 2) = '{{ state }}' then substring({{ text }}, 3, 3)
      end
  end
{%- endmacro %}


{% macro is_digits(text) -%}
  {{- return(adapter.dispatch('is_digits', 'ddg')(text)) -}}
{%- endmacro %}

{% macro default__is_digits(text) -%}
  (length({{ text }}) > 0 and length(translate({{ text }}, '0123456789', '')) = 0)
{%- endmacro %}
