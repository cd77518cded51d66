-- A portfolio valued before and after a date on which there are bars is valued on that date.
with sessions as (
    select distinct {{ business_date('window_end') }} as date from {{ ref('fact_price_bars') }}
),

valued as (
    select portfolio_id, date from {{ ref('fact_portfolio_valuation') }} where is_closing
),

spans as (
    select portfolio_id, min(date) as first_date, max(date) as last_date from valued group by portfolio_id
)

select spans.portfolio_id, sessions.date
from spans
inner join sessions on sessions.date > spans.first_date and sessions.date < spans.last_date
left join valued on valued.portfolio_id = spans.portfolio_id and valued.date = sessions.date
where valued.date is null
