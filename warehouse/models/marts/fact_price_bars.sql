-- One row for each symbol and five-minute window; the newest revision of the bar.
{{ config(
    materialized=fact_materialization(),
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['date', 'symbol']}],
    unique_key=['date', 'symbol'],
    on_schema_change='append_new_columns'
) }}

{{ newest_facts(
    ref('int_price_bar_revisions'),
    key=['symbol', 'window_start'],
    group=['date', 'symbol'],
    dimensions=['dim_symbol', 'dim_exchange']
) }}

select
    {{ surrogate_key(['known.symbol', epoch_us('known.window_start')]) }} as bar_key,
    {{ date_key('known.date') }} as date_key,
    coalesce(symbols.symbol_key, '-1') as symbol_key,
    coalesce(exchanges.exchange_key, '-1') as exchange_key,
    known.date,
    known.symbol,
    known.window_start,
    known.window_end,
    known.open,
    known.high,
    known.low,
    known.close,
    known.vwap,
    known.volume,
    known.trades,
    known.currency,
    known.close_reporting,
    known.reporting_currency,
    known.reporting_rate,
    known.as_of,
    known.revision,
    known.revisions,
    known.recorded_at
from known
{{ version_at('dim_symbol', 'symbol', 'known.symbol', 'known.as_of', 'symbols') }}
left join {{ ref('dim_exchange') }} as exchanges on exchanges.exchange = symbols.exchange
