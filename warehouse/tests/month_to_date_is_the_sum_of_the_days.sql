select shown.portfolio_id, shown.date, shown.month_to_date, sum(daily.total) as sum_of_days
from {{ ref('mart_portfolio_pnl') }} as shown
inner join {{ ref('dim_date') }} as today on today.date_key = shown.date_key
inner join {{ ref('fact_pnl_daily') }} as daily
    on daily.portfolio_id = shown.portfolio_id and daily.date between today.month_start and shown.date
group by shown.portfolio_id, shown.date, shown.month_to_date
having shown.month_to_date <> sum(daily.total)
    or (shown.month_to_date is null) <> (sum(daily.total) is null)
