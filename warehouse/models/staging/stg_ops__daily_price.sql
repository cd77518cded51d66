select
    symbol,
    date,
    open,
    high,
    low,
    close,
    volume,
    currency,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'daily_price') }}
