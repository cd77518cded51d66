-- One row for each portfolio, market time, basis, measure and parameters. Never add these up.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['date', 'portfolio_id'],
    on_schema_change='append_new_columns'
) }}

with known as (
    select ranked.*, {{ utc_date('as_of') }} as date
    from (
        {{ latest_of(
            ref('stg_ops__risk_metric'), ['portfolio_id', 'as_of', 'basis', 'measure', 'parameters']
        ) }}
    ) as ranked
)
{% if is_incremental() %},

changed as (
    {{ changed_groups(['date', 'portfolio_id'], [('dim_portfolio', 'portfolio_id', 'portfolio_key')]) }}
)
{% endif %}

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
    known.valuation_id,
    known.revision,
    known.revisions,
    known.recorded_at
from known
{{ version_at('dim_portfolio', 'portfolio_id', 'known.portfolio_id', 'known.as_of', 'portfolios') }}
{% if is_incremental() -%}
inner join changed on changed.date = known.date and changed.portfolio_id = known.portfolio_id
{%- endif %}
