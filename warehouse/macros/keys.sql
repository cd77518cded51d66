{# A surrogate key of the natural key's parts; the same parts give the same key on every database and run. #}
{% macro surrogate_key(parts) -%}
    {% set casts = [] %}
    {% for part in parts %}{% do casts.append('cast(' ~ part ~ ' as ' ~ dbt.type_string() ~ ')') %}{% endfor %}
    {{ dbt.hash(casts | join(" || '|' || ")) }}
{%- endmacro %}

{# 20131007 for 2013-10-07. #}
{% macro date_key(date) -%}
    cast(extract(year from {{ date }}) * 10000 + extract(month from {{ date }}) * 100
        + extract(day from {{ date }}) as integer)
{%- endmacro %}

{# Joins the version of a dimension that applied at a moment. #}
{% macro version_at(dimension, key, natural, moment, alias) -%}
    left join {{ ref(dimension) }} as {{ alias }}
        on {{ alias }}.{{ key }} = {{ natural }}
        and {{ moment }} >= {{ alias }}.applies_from
        and {{ moment }} < {{ alias }}.applies_to
{%- endmacro %}
