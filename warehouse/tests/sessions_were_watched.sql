-- Holes longer than longest_hole_days in the bars of an exchange: nobody ran the platform then. A warning: what was
-- not watched cannot be had any more, but returns and backtests over it are not daily.
{{ config(severity='warn') }}

with traded as (
    select exchanges.exchange as name, bars.date
    from {{ ref('fact_price_bars') }} as bars
    inner join {{ ref('dim_exchange') }} as exchanges on exchanges.exchange_key = bars.exchange_key
),

holes as (
    {{ neighbouring_dates('traded') }}
)

select holes.name as exchange, holes.date as last_date, holes.next_date, count(*) as sessions
from holes
inner join {{ ref('int_sessions') }} as sessions
    on sessions.exchange = holes.name and sessions.date > holes.date and sessions.date < holes.next_date
where not ({{ is_short_hole('holes') }})
group by holes.name, holes.date, holes.next_date
