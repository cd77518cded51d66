select
    portfolio_id,
    date,
    measure,
    primary_value,
    challenger_value,
    divergence,
    unit,
    reason,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'challenge') }}
