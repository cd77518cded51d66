-- One row for each portfolio, market time, basis, measure, parameters and symbol: what the position adds to the number.
-- The rows of one number add up to it; never add those of several.
{{ config(
    materialized=fact_materialization(),
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['date', 'portfolio_id']}],
    unique_key=['date', 'portfolio_id'],
    on_schema_change='append_new_columns'
) }}

{{ newest_facts(
    ref('int_var_component_revisions'),
    key=['portfolio_id', 'as_of', 'basis', 'measure', 'parameters', 'symbol'],
    group=['date', 'portfolio_id'],
    dimensions=['dim_portfolio', 'dim_symbol']
) }}

select
    {{ surrogate_key([
        'known.portfolio_id', epoch_us('known.as_of'), 'known.basis', 'known.measure', 'known.parameters',
        'known.symbol'
    ]) }} as component_key,
    {{ surrogate_key([
        'known.portfolio_id', epoch_us('known.as_of'), 'known.basis', 'known.measure', 'known.parameters'
    ]) }} as metric_key,
    {{ date_key('known.date') }} as date_key,
    coalesce(portfolios.portfolio_key, '-1') as portfolio_key,
    coalesce(symbols.symbol_key, '-1') as symbol_key,
    known.date,
    known.portfolio_id,
    known.symbol,
    known.as_of,
    known.basis,
    known.measure,
    known.parameters,
    known.component,
    known.percent,
    known.marginal,
    known.currency,
    known.reason,
    known.valuation_id,
    known.revision,
    known.revisions,
    known.recorded_at
from known
{{ version_at('dim_portfolio', 'portfolio_id', 'known.portfolio_id', 'known.as_of', 'portfolios') }}
{{ version_at('dim_symbol', 'symbol', 'known.symbol', 'known.as_of', 'symbols') }}
