-- One row for each portfolio, symbol and business date; the newest revision.
{{ config(
    materialized=fact_materialization(),
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['date', 'portfolio_id']}],
    unique_key=['date', 'portfolio_id'],
    on_schema_change='append_new_columns'
) }}

{{ newest_facts(
    ref('int_pnl_daily_revisions'),
    key=['portfolio_id', 'symbol', 'date'],
    group=['date', 'portfolio_id'],
    dimensions=['dim_portfolio', 'dim_symbol']
) }}

select
    {{ surrogate_key(['known.portfolio_id', 'known.symbol', date_key('known.date')]) }} as pnl_key,
    {{ date_key('known.date') }} as date_key,
    coalesce(portfolios.portfolio_key, '-1') as portfolio_key,
    coalesce(symbols.symbol_key, '-1') as symbol_key,
    known.date,
    known.portfolio_id,
    known.symbol,
    known.as_of,
    known.currency,
    known.opening_quantity,
    known.opening_price,
    known.opening_fx_rate,
    known.opening_value,
    known.closing_quantity,
    known.closing_price,
    known.closing_fx_rate,
    known.closing_value,
    known.flow,
    known.price,
    known.fx,
    known.trading,
    known.income,
    known.fees,
    known.total,
    known.realized,
    known.reason,
    known.revision,
    known.revisions,
    known.recorded_at
from known
{{ version_at('dim_portfolio', 'portfolio_id', 'known.portfolio_id', 'known.as_of', 'portfolios') }}
{{ version_at('dim_symbol', 'symbol', 'known.symbol', 'known.as_of', 'symbols') }}
