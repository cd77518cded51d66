{# A date's snapshot moves to the later close; when nothing is held there any more, no new rows replace the old. #}
{% macro drop_superseded_snapshots() -%}
    delete from {{ this }} as fact
    where exists (
        select 1
        from {{ ref('fact_portfolio_valuation') }} as closing
        where closing.portfolio_id = fact.portfolio_id
            and closing.date = fact.date
            and closing.is_closing
            and closing.as_of <> fact.as_of
    )
{%- endmacro %}
