select
    fill_id,
    portfolio_id,
    symbol,
    executed_at,
    seq,
    quantity,
    price,
    currency,
    fee,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'fill') }}
