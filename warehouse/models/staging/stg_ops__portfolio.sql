select
    portfolio_id,
    name,
    base_currency,
    parent_id,
    valid_from,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'portfolio') }}
