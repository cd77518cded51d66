select
    date,
    step,
    attempt,
    state,
    started_at,
    ended_at,
    rows_written,
    message,
    details,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'run') }}
