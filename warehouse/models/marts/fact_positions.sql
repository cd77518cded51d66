-- One row for each portfolio, symbol and date: the position at the last official valuation of the date.
-- depends_on: {{ ref('fact_portfolio_valuation') }}
{{ config(
    materialized=fact_materialization(),
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['date', 'portfolio_id']}],
    unique_key=['date', 'portfolio_id'],
    on_schema_change='append_new_columns',
    post_hook="{{ drop_superseded_snapshots() }}"
) }}

with
{% if is_incremental() -%}
changed as (
    {{ superseded_snapshots() }}
    {{ moved_versions(['date', 'portfolio_id'], ['dim_portfolio', 'dim_symbol', 'dim_exchange']) }}
),
{%- endif %}

known as (
    select held.*
    from {{ ref('int_closing_positions') }} as held
    {% if is_incremental() -%}
    inner join changed on {{ equal('changed', 'held', ['date', 'portfolio_id']) }}
    {%- endif %}
)

select
    {{ surrogate_key(['known.portfolio_id', 'known.symbol', date_key('known.date')]) }} as position_key,
    {{ date_key('known.date') }} as date_key,
    coalesce(portfolios.portfolio_key, '-1') as portfolio_key,
    coalesce(symbols.symbol_key, '-1') as symbol_key,
    coalesce(exchanges.exchange_key, '-1') as exchange_key,
    known.date,
    known.portfolio_id,
    known.symbol,
    known.as_of,
    case when known.quantity > 0 then 'long' when known.quantity < 0 then 'short' else 'flat' end as side,
    known.quantity,
    known.average_cost,
    known.multiplier,
    known.asset_class,
    known.currency,
    known.base_currency,
    known.price,
    known.price_as_of,
    -- A position in the base currency needs no rate.
    case when known.currency = known.base_currency then coalesce(known.fx_rate, 1) else known.fx_rate end as fx_rate,
    known.market_value,
    known.market_value_base,
    known.unrealized_pnl_base,
    known.price_pnl_base,
    known.fx_pnl_base,
    known.realized_pnl_base,
    known.stale,
    known.market_value_base is not null as is_priced,
    known.revision,
    known.recorded_at
from known
{{ version_at('dim_portfolio', 'portfolio_id', 'known.portfolio_id', 'known.as_of', 'portfolios') }}
{{ version_at('dim_symbol', 'symbol', 'known.symbol', 'known.as_of', 'symbols') }}
left join {{ ref('dim_exchange') }} as exchanges on exchanges.exchange = symbols.exchange
