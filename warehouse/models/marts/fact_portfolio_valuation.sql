-- One row for each portfolio, market time and basis; the newest revision.
{{ config(
    materialized=fact_materialization(),
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['date', 'portfolio_id']}],
    unique_key=['date', 'portfolio_id'],
    on_schema_change='append_new_columns'
) }}

{{ newest_facts(
    ref('int_portfolio_valuation_revisions'),
    key=['portfolio_id', 'as_of', 'basis'],
    group=['date', 'portfolio_id'],
    dimensions=['dim_portfolio']
) }}

select
    {{ surrogate_key(['known.portfolio_id', epoch_us('known.as_of'), 'known.basis']) }} as valuation_key,
    {{ date_key('known.date') }} as date_key,
    coalesce(portfolios.portfolio_key, '-1') as portfolio_key,
    known.date,
    known.portfolio_id,
    known.as_of,
    known.basis,
    known.basis = 'bar' and known.as_of = max(case when known.basis = 'bar' then known.as_of end)
        over (partition by known.portfolio_id, known.date) as is_closing,
    known.currency,
    known.market_value,
    known.unrealized_pnl,
    known.unrealized_price_pnl,
    known.unrealized_fx_pnl,
    known.realized_pnl,
    known.long_exposure,
    known.short_exposure,
    known.gross_exposure,
    known.net_exposure,
    cast({{ json_text('known.coverage', 'positions') }} as integer) as positions,
    cast({{ json_text('known.coverage', 'priced') }} as integer) as priced,
    cast({{ json_text('known.coverage', 'unpriced') }} as integer) as unpriced,
    cast({{ json_text('known.coverage', 'stale') }} as integer) as stale,
    known.valuation_id,
    known.revision,
    known.revisions,
    known.recorded_at
from known
{{ version_at('dim_portfolio', 'portfolio_id', 'known.portfolio_id', 'known.as_of', 'portfolios') }}
