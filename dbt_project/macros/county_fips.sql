{#- County codes as the portal wants them: three digits, as text. -#}

{% macro county_fips(code, state=var('state_fips')) -%}
  case
    when {{ is_digits("trim(cast(" ~ code ~ " as varchar))") }} then
      case
        when length(trim(cast({{ code }} as varchar))) <= 3
          then lpad(trim(cast({{ code }} as varchar)), 3, '0')
        when length(trim(cast({{ code }} as varchar))) = 5 and substring(trim(cast({{ code }} as varchar)), 1, 2) = '{{ state }}'
          then substring(trim(cast({{ code }} as varchar)), 3, 3)
      end
  end
{%- endmacro %}


{% macro is_digits(text) -%}
  (length({{ text }}) > 0 and length(translate({{ text }}, '0123456789', '')) = 0)
{%- endmacro %}
