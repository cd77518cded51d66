{# Dates of portfolios whose closing valuation is not the one that the snapshot was taken of. #}
{% macro superseded_snapshots() -%}
    select closing.date, closing.portfolio_id
    from {{ ref('fact_portfolio_valuation') }} as closing
    left join (
        select date, portfolio_id, max(as_of) as as_of, max(revision) as revision
        from {{ this }} group by date, portfolio_id
    ) as built on {{ equal('built', 'closing', ['date', 'portfolio_id']) }}
    where closing.is_closing
        and (built.as_of is null or built.as_of <> closing.as_of or built.revision <> closing.revision)
{%- endmacro %}

{# When nothing is held any more, no new rows replace the old. #}
{% macro drop_superseded_snapshots() -%}
    delete from {{ this }}
    where exists (
        select 1
        from {{ ref('fact_portfolio_valuation') }} as closing
        where closing.portfolio_id = {{ this }}.portfolio_id
            and closing.date = {{ this }}.date
            and closing.is_closing
            and (closing.as_of <> {{ this }}.as_of or closing.revision <> {{ this }}.revision)
    )
{%- endmacro %}
