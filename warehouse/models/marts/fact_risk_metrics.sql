-- One row for each portfolio, market time, basis, measure and parameters. Never add these up.
{{ config(
    materialized=fact_materialization(),
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['date', 'portfolio_id']}],
    unique_key=['date', 'portfolio_id'],
    on_schema_change='append_new_columns'
) }}

{{ newest_facts(
    ref('int_risk_metric_revisions'),
    key=['portfolio_id', 'as_of', 'basis', 'measure', 'parameters'],
    group=['date', 'portfolio_id'],
    dimensions=['dim_portfolio']
) }}

select
    {{ surrogate_key([
        'known.portfolio_id', epoch_us('known.as_of'), 'known.basis', 'known.measure', 'known.parameters'
    ]) }} as metric_key,
    {{ date_key('known.date') }} as date_key,
    coalesce(portfolios.portfolio_key, '-1') as portfolio_key,
    known.date,
    known.portfolio_id,
    known.as_of,
    known.basis,
    known.measure,
    known.parameters,
    known.value,
    known.unit,
    known.reason,
    known.definition,
    {{ json_text('known.details', 'estimator') }} as estimator,
    cast({{ json_text('known.details', 'k') }} as integer) as tail_rank,
    cast({{ json_text('known.details', 'scenario_date') }} as date) as scenario_date,
    cast({{ json_text('known.details', 'scenarios') }} as integer) as scenarios,
    cast({{ json_text('known.details', 'window_start') }} as date) as window_start,
    cast({{ json_text('known.details', 'window_end') }} as date) as window_end,
    cast({{ json_text('known.details', 'interval_lower') }} as {{ type_of('real') }}) as interval_lower,
    cast({{ json_text('known.details', 'interval_upper') }} as {{ type_of('real') }}) as interval_upper,
    cast({{ json_text('known.details', 'interval_coverage') }} as {{ type_of('real') }}) as interval_coverage,
    known.valuation_id,
    known.revision,
    known.revisions,
    known.recorded_at
from known
{{ version_at('dim_portfolio', 'portfolio_id', 'known.portfolio_id', 'known.as_of', 'portfolios') }}
