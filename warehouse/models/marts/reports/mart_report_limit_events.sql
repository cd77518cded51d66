-- Changes of state and severity of limits. The newest one of a limit is its state; `state_since` is the market
-- time at which that state began: a rise of severity does not begin a new one.
with events as (
    select
        events.*,
        sum(case when kind = 'escalation' then 0 else 1 end) over (
            partition by limit_id order by sequence rows between unbounded preceding and current row
        ) as stretch
    from {{ ref('stg_ops__limit_event') }} as events
)

select
    event_id,
    limit_id,
    sequence,
    kind,
    portfolio_id,
    state,
    armed_state,
    value,
    unit,
    warning_level,
    hard_level,
    as_of,
    {{ business_date('as_of') }} as date,
    min(as_of) over (partition by limit_id, stretch) as state_since,
    breach_id,
    breach_opened_at,
    severity,
    reason,
    message,
    recorded_at
from events
