{#- Text as a whole number; null where it is none. A plain cast would stop, and its message would show the value. -#}
{% macro whole_number(text) -%}
  {{- return(adapter.dispatch('whole_number', 'ddg')(text)) -}}
{%- endmacro %}

{% macro default__whole_number(text) -%}
  case
    when {{ ddg.is_digits("trim(" ~ text ~ ")") }} and length(trim({{ text }})) <= 9 then cast(trim({{ text }}) as integer)
  end
{%- endmacro %}
