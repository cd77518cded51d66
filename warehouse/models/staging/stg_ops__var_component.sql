select
    portfolio_id,
    as_of,
    basis,
    measure,
    parameters,
    symbol,
    component,
    percent,
    marginal,
    currency,
    reason,
    valuation_id,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'var_component') }}
