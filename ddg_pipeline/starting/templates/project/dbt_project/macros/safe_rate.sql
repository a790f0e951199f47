{% macro safe_rate(numerator, denominator, per=100000, decimals=1) -%}
  case
    when {{ denominator }} > 0
      then cast(round(cast({{ numerator }} as double precision) * {{ per }} / {{ denominator }}, {{ decimals }}) as decimal(18, {{ decimals }}))
  end
{%- endmacro %}
