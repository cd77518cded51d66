-- Says aloud that bars_equal_silver had nothing to compare with: a warning, since gold may be right all the same,
-- but no silence.
{{ config(severity='warn') }}
{% set silver = fromjson(env_var('TAPELINE_WAREHOUSE_SILVER', '{}')) %}

select '{{ silver.get('not_compared', 'nobody told what Silver holds').replace("'", "''") }}' as not_compared
from {{ ref('last_build') }}
{% if silver.get('dates') -%}
where 1 = 0
{%- endif %}
