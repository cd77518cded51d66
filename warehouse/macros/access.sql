{# Who may read what is built, on a database with roles. A view works with the rights of who asks, so that the
   row-level security of ops also holds for the gateway when it reads through gold; other databases have none. #}
{% macro let_services_read() %}{{ return(adapter.dispatch('let_services_read')()) }}{% endmacro %}
{% macro default__let_services_read() %}{% endmacro %}
{% macro postgres__let_services_read() -%}
    alter view {{ this }} set (security_invoker = on);
    grant select on {{ this }} to tapeline_gateway, tapeline_reader
{%- endmacro %}

{# Once at the end of a run: two models at a time would contend for the row of their schema. #}
{% macro let_services_enter(schemas) %}{{ return(adapter.dispatch('let_services_enter')(schemas)) }}{% endmacro %}
{% macro default__let_services_enter(schemas) %}{% endmacro %}
{% macro postgres__let_services_enter(schemas) -%}
    {% for schema in schemas | sort if not schema.endswith('_failures') -%}
    grant usage on schema {{ adapter.quote(schema) }} to tapeline_gateway, tapeline_reader;
    {% endfor %}
{%- endmacro %}
