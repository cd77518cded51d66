select
    limit_id,
    portfolio_id,
    scope,
    scope_value,
    measure,
    parameters,
    warning_level,
    hard_level,
    hysteresis,
    minimum_coverage,
    max_age_s,
    escalate_after_s,
    active,
    revision,
    recorded_at,
    evidence
from {{ source('ops', 'limit_definition') }}
