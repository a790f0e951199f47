{#-
  Half away from zero, on every database. With exact decimals where division keeps enough of them; in double precision
  where it does not, which gives the same: two rates that differ do so by more than such a number is off.
-#}
{% macro safe_rate(numerator, denominator, per=100000, decimals=1) -%}
  {{- return(adapter.dispatch('safe_rate', 'ddg')(numerator, denominator, per, decimals)) -}}
{%- endmacro %}

{% macro default__safe_rate(numerator, denominator, per, decimals) -%}
  case
    when {{ denominator }} > 0
      then cast(round(cast({{ numerator }} as numeric) * {{ per }} / cast({{ denominator }} as numeric), {{ decimals }}) as decimal(18, {{ decimals }}))
  end
{%- endmacro %}

{#- A division of decimals is a double there. -#}
{% macro duckdb__safe_rate(numerator, denominator, per, decimals) -%}
  case
    when {{ denominator }} > 0
      then cast(round(cast({{ numerator }} as double precision) * {{ per }} / {{ denominator }}, {{ decimals }}) as decimal(18, {{ decimals }}))
  end
{%- endmacro %}

{#- Its `numeric` has no decimals unless told. -#}
{% macro spark__safe_rate(numerator, denominator, per, decimals) -%}
  case
    when {{ denominator }} > 0
      then cast(round(cast({{ numerator }} as double) * {{ per }} / {{ denominator }}, {{ decimals }}) as decimal(18, {{ decimals }}))
  end
{%- endmacro %}
