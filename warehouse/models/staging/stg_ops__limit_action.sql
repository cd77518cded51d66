select
    action_id,
    limit_id,
    action,
    actor,
    note,
    breach_id,
    raise_id,
    level,
    expires_at,
    requested_by,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'limit_action') }}
