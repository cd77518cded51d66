select
    limit_id,
    date,
    portfolio_id,
    as_of,
    valuation_id,
    state,
    armed_state,
    value,
    unit,
    warning_level,
    hard_level,
    reason,
    message,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'limit_status') }}
