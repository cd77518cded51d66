{# Everything that differs between databases; models and tests hold standard SQL only. #}

{% macro utc_date(moment) %}{{ return(adapter.dispatch('utc_date')(moment)) }}{% endmacro %}
{% macro default__utc_date(moment) %}cast({{ moment }} at time zone 'UTC' as date){% endmacro %}
{% macro bigquery__utc_date(moment) %}date({{ moment }}, 'UTC'){% endmacro %}
{% macro snowflake__utc_date(moment) %}to_date(convert_timezone('UTC', {{ moment }})){% endmacro %}

{# The last microsecond of a UTC date. #}
{% macro end_of_date(date) %}{{ return(adapter.dispatch('end_of_date')(date)) }}{% endmacro %}
{% macro default__end_of_date(date) -%}
    (cast({{ date }} + 1 as timestamp) at time zone 'UTC') - interval '1 microsecond'
{%- endmacro %}

{# Microseconds since 1970: text of a moment would depend on the session's time zone. #}
{% macro epoch_us(moment) %}{{ return(adapter.dispatch('epoch_us')(moment)) }}{% endmacro %}
{% macro default__epoch_us(moment) %}cast(extract(epoch from {{ moment }}) * 1000000 as bigint){% endmacro %}
{% macro duckdb__epoch_us(moment) %}epoch_us({{ moment }}){% endmacro %}
{% macro bigquery__epoch_us(moment) %}unix_micros({{ moment }}){% endmacro %}
{% macro snowflake__epoch_us(moment) %}date_part(epoch_microsecond, {{ moment }}){% endmacro %}

{# A field of a JSON object as text, null when it is absent. #}
{% macro json_text(column, field) %}{{ return(adapter.dispatch('json_text')(column, field)) }}{% endmacro %}
{% macro default__json_text(column, field) %}({{ column }} ->> '{{ field }}'){% endmacro %}
{% macro bigquery__json_text(column, field) %}json_value({{ column }}, '$.{{ field }}'){% endmacro %}
{% macro snowflake__json_text(column, field) %}{{ column }}:{{ field }}::varchar{% endmacro %}

{# One row `date` for each date of a span, both ends included. #}
{% macro date_spine(first, last) %}{{ return(adapter.dispatch('date_spine')(first, last)) }}{% endmacro %}
{% macro default__date_spine(first, last) -%}
    select cast(day as date) as date
    from generate_series(timestamp '{{ first }}', timestamp '{{ last }}', interval '1 day') as days(day)
{%- endmacro %}

{# Monday is 1, Sunday is 7. #}
{% macro iso_weekday(date) %}{{ return(adapter.dispatch('iso_weekday')(date)) }}{% endmacro %}
{% macro default__iso_weekday(date) %}cast(extract(isodow from {{ date }}) as integer){% endmacro %}
{% macro bigquery__iso_weekday(date) %}mod(extract(dayofweek from {{ date }}) + 5, 7) + 1{% endmacro %}
{% macro snowflake__iso_weekday(date) %}dayofweekiso({{ date }}){% endmacro %}
