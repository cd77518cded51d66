select
    portfolio_id,
    as_of,
    basis,
    measure,
    parameters,
    value,
    unit,
    details,
    reason,
    definition,
    valuation_id,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'risk_metric') }}
