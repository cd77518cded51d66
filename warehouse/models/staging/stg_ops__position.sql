select
    portfolio_id,
    symbol,
    as_of,
    quantity,
    average_cost,
    currency,
    cost_fx_rate,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'position') }}
