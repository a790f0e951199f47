{# schemas are called as they are written: `aggregates`, not `main_aggregates` #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name or target.schema }}
{%- endmacro %}
