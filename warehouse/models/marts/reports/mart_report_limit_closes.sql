-- How each limit stood at the close of each date, every revision with the moment it was superseded.
select
    limit_id,
    date,
    portfolio_id,
    as_of,
    state,
    armed_state,
    value,
    unit,
    warning_level,
    hard_level,
    reason,
    message,
    revision,
    recorded_at,
    superseded_at
from ({{ history_of(ref('stg_ops__limit_status'), ['limit_id', 'date']) }}) as history
