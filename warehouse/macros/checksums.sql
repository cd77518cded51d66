{# The checksum of a set of bars: the sum of one number for each row, taken from the MD5 of its key and content, so
   that two rows that change places do not cancel out. tapeline_cli/silver_totals.py says the same of Silver. #}
{% macro checksum_of_bars() -%}
    {%- set prices = ['open', 'high', 'low', 'close', 'vwap'] -%}
    {%- set parts = ['symbol', 'cast(' ~ epoch_us('window_start') ~ ' as ' ~ dbt.type_string() ~ ')'] -%}
    {%- for name in prices %}{% do parts.append("coalesce(" ~ eight_places(name) ~ ", '')") %}{% endfor -%}
    {%- for name in ['volume', 'trades'] -%}
        {%- do parts.append('cast(' ~ name ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- endfor -%}
    sum({{ hex_number('substr(' ~ dbt.hash(parts | join(" || '|' || ")) ~ ', 1, 12)') }})
{%- endmacro %}
