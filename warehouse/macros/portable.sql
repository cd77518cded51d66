{# Everything that differs between databases; models and tests hold standard SQL only. #}

{# The type of a column in a contract: `money`, `moment`, `real`. Contracts read the same table. #}
{% macro type_of(kind) %}{{ return(var('types')[kind][target.type]) }}{% endmacro %}

{# A moment written as ISO 8601 with its zone. #}
{% macro moment(literal) -%}
    cast('{{ literal }}' as {{ type_of('moment') }})
{%- endmacro %}

{% macro utc_date(moment) %}{{ return(adapter.dispatch('utc_date')(moment)) }}{% endmacro %}
{% macro default__utc_date(moment) %}cast({{ moment }} at time zone 'UTC' as date){% endmacro %}
{% macro bigquery__utc_date(moment) %}date({{ moment }}, 'UTC'){% endmacro %}
{% macro snowflake__utc_date(moment) %}to_date(convert_timezone('UTC', {{ moment }})){% endmacro %}

{# The business date of a moment. It ends at 17:00 New York, that moment included; what comes on a weekend
   belongs to Monday. The end of day closes at the same time. #}
{% macro business_date(moment) -%}
    {%- set date = ending_date(moment) -%}
    case {{ iso_weekday(date) }} when 6 then {{ days_after(date, 2) }} when 7 then {{ days_after(date, 1) }} else {{ date }} end
{%- endmacro %}

{% macro ending_date(moment) %}{{ return(adapter.dispatch('ending_date')(moment)) }}{% endmacro %}
{% macro default__ending_date(moment) -%}
    cast(({{ moment }} at time zone 'America/New_York') + interval '7 hours' - interval '1 microsecond' as date)
{%- endmacro %}
{% macro bigquery__ending_date(moment) -%}
    date(timestamp_sub(timestamp_add({{ moment }}, interval 7 hour), interval 1 microsecond), 'America/New_York')
{%- endmacro %}
{% macro snowflake__ending_date(moment) -%}
    to_date(dateadd('microsecond', 25199999999, convert_timezone('America/New_York', {{ moment }})))
{%- endmacro %}

{% macro days_after(date, days) %}{{ return(adapter.dispatch('days_after')(date, days)) }}{% endmacro %}
{% macro default__days_after(date, days) %}{{ date }} + {{ days }}{% endmacro %}
{% macro bigquery__days_after(date, days) %}date_add({{ date }}, interval {{ days }} day){% endmacro %}

{# When a business date closes. #}
{% macro business_close(date) %}{{ return(adapter.dispatch('business_close')(date)) }}{% endmacro %}
{% macro default__business_close(date) -%}
    (cast({{ date }} as timestamp) + interval '17 hours') at time zone 'America/New_York'
{%- endmacro %}
{% macro bigquery__business_close(date) -%}
    timestamp(datetime({{ date }}, time '17:00:00'), 'America/New_York')
{%- endmacro %}
{% macro snowflake__business_close(date) -%}
    cast(convert_timezone('America/New_York', 'UTC', dateadd('hour', 17, to_timestamp_ntz({{ date }}))) as timestamp_tz)
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

{# An amount as text with eight places, as Silver holds it. #}
{% macro eight_places(amount) %}{{ return(adapter.dispatch('eight_places')(amount)) }}{% endmacro %}
{% macro default__eight_places(amount) %}cast(cast({{ amount }} as decimal(38, 8)) as {{ dbt.type_string() }}){% endmacro %}
{% macro bigquery__eight_places(amount) %}format('%.8f', {{ amount }}){% endmacro %}

{# The number that twelve hexadecimal digits stand for. #}
{% macro hex_number(digits) %}{{ return(adapter.dispatch('hex_number')(digits)) }}{% endmacro %}
{% macro default__hex_number(digits) %}cast('0x' || {{ digits }} as bigint){% endmacro %}
{% macro postgres__hex_number(digits) %}cast(cast('x' || {{ digits }} as bit(48)) as bigint){% endmacro %}
{% macro bigquery__hex_number(digits) %}cast('0x' || {{ digits }} as int64){% endmacro %}
{% macro snowflake__hex_number(digits) %}to_number({{ digits }}, 'XXXXXXXXXXXX'){% endmacro %}

{# One row `date` for each date of a span, both ends included. #}
{% macro date_spine(first, last) %}{{ return(adapter.dispatch('date_spine')(first, last)) }}{% endmacro %}
{% macro default__date_spine(first, last) -%}
    select cast(day as date) as date
    from generate_series(timestamp '{{ first }}', timestamp '{{ last }}', interval '1 day') as days(day)
{%- endmacro %}
{% macro bigquery__date_spine(first, last) -%}
    select date from unnest(generate_date_array(date '{{ first }}', date '{{ last }}')) as date
{%- endmacro %}
{% macro snowflake__date_spine(first, last) -%}
    {% set days = (modules.datetime.date.fromisoformat(last) - modules.datetime.date.fromisoformat(first)).days %}
    select dateadd('day', row_number() over (order by seq4()) - 1, date '{{ first }}') as date
    from table(generator(rowcount => {{ days + 1 }}))
{%- endmacro %}

{# Monday is 1, Sunday is 7. #}
{% macro iso_weekday(date) %}{{ return(adapter.dispatch('iso_weekday')(date)) }}{% endmacro %}
{% macro default__iso_weekday(date) %}cast(extract(isodow from {{ date }}) as integer){% endmacro %}
{% macro bigquery__iso_weekday(date) %}mod(extract(dayofweek from {{ date }}) + 5, 7) + 1{% endmacro %}
{% macro snowflake__iso_weekday(date) %}dayofweekiso({{ date }}){% endmacro %}

{# BigQuery has no delete+insert by group: there a fact is built anew each time. #}
{% macro fact_materialization() %}{{ return('table' if target.type == 'bigquery' else 'incremental') }}{% endmacro %}
