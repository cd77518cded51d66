-- Every revision of every limit with the moment it was superseded.
select
    limit_id,
    portfolio_id,
    scope,
    scope_value,
    measure,
    parameters,
    warning_level,
    hard_level,
    active,
    revision,
    recorded_at,
    superseded_at
from ({{ history_of(ref('stg_ops__limit_definition'), ['limit_id']) }}) as history
