select
    pair,
    as_of,
    rate,
    source,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'fx_rate') }}
