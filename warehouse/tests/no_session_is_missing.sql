-- By the calendars of the exchanges. Between two dates with bars of an exchange, each of its sessions has bars;
-- between two valued dates of a portfolio, each session of an exchange that it held names of is valued, and so is
-- each date with bars. Holes longer than the variable longest_hole_days are in sessions_were_watched.
with traded as (
    select exchanges.exchange as name, bars.date
    from {{ ref('fact_price_bars') }} as bars
    inner join {{ ref('dim_exchange') }} as exchanges on exchanges.exchange_key = bars.exchange_key
),

held as (
    select distinct positions.portfolio_id, positions.date, exchanges.exchange
    from {{ ref('fact_positions') }} as positions
    inner join {{ ref('dim_exchange') }} as exchanges on exchanges.exchange_key = positions.exchange_key
),

valued as (
    select portfolio_id as name, date from {{ ref('fact_portfolio_valuation') }} where is_closing
),

trading_holes as (
    {{ neighbouring_dates('traded') }}
),

valuation_holes as (
    {{ neighbouring_dates('valued') }}
)

select 'bars' as missing, holes.name, sessions.date
from trading_holes as holes
inner join {{ ref('int_sessions') }} as sessions
    on sessions.exchange = holes.name and sessions.date > holes.date and sessions.date < holes.next_date
where {{ is_short_hole('holes') }}

union all

select distinct 'value' as missing, holes.name, sessions.date
from valuation_holes as holes
inner join held on held.portfolio_id = holes.name and held.date = holes.date
inner join {{ ref('int_sessions') }} as sessions
    on sessions.exchange = held.exchange and sessions.date > holes.date and sessions.date < holes.next_date
where {{ is_short_hole('holes') }}

union all

select 'value' as missing, holes.name, bars.date
from valuation_holes as holes
inner join (select distinct {{ business_date('window_end') }} as date from {{ ref('fact_price_bars') }}) as bars
    on bars.date > holes.date and bars.date < holes.next_date
