select
    relation,
    row_key,
    was,
    became,
    cause,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'restatement') }}
