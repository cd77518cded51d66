{# A model lives in the schema its folder names, not in `<target>_<schema>`. What was known at a moment lives in a
   schema of that moment: the views of gold that everybody reads stay what they are. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = (custom_schema_name or target.schema) | trim -%}
    {%- if var('known_at') and node.name.endswith('_as_known') -%}
        {{ schema_of_moment(schema, var('known_at')) }}
    {%- else -%}
        {{ schema }}
    {%- endif -%}
{%- endmacro %}

{# gold_as_known_20131007t213000 for half past nine UTC; fractions of a second follow. #}
{% macro schema_of_moment(schema, moment) -%}
    {%- set utc = modules.datetime.datetime.fromisoformat(moment).astimezone(modules.pytz.utc) -%}
    {{ schema }}_as_known_{{ utc.strftime('%Y%m%dt%H%M%S') }}{{ '_%06d' % utc.microsecond if utc.microsecond }}
{%- endmacro %}
