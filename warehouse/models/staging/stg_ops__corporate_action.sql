select
    symbol,
    ex_date,
    type,
    value,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'corporate_action') }}
