{# Of a relation with the columns `name` and `date`: neighbouring dates as date and next_date. #}
{% macro neighbouring_dates(relation) -%}
    select name, date, lead(date) over (partition by name order by date) as next_date
    from (select distinct name, date from {{ relation }}) as dates
{%- endmacro %}

{# Whether a hole between two dates is short. A longer one is a platform that nobody ran, not a day that it lost. #}
{% macro is_short_hole(hole) -%}
    {{ hole }}.next_date <= {{ days_after(hole ~ '.date', var('longest_hole_days')) }}
{%- endmacro %}
