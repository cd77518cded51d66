-- One row for each portfolio and business date. A portfolio with members already contains theirs.
{{ config(materialized='view') }}
{% set month_so_far -%}
    partition by portfolio_id, extract(year from date), extract(month from date)
    order by date rows between unbounded preceding and current row
{%- endset %}

with daily as (
    select
        portfolio_id,
        date,
        min(date_key) as date_key,
        min(portfolio_key) as portfolio_key,
        sum(price) as price,
        sum(fx) as fx,
        sum(trading) as trading,
        sum(income) as income,
        sum(fees) as fees,
        sum(total) as total,
        sum(realized) as realized,
        count(*) as positions,
        -- Written out: the sum of a database may be wider than its contract says.
        cast(sum(case when total is null then 1 else 0 end) as bigint) as unexplained,
        max(recorded_at) as recorded_at
    from {{ ref('fact_pnl_daily') }}
    group by portfolio_id, date
)

select
    daily.*,
    sum(total) over ({{ month_so_far }}) as month_to_date,
    cast(sum(unexplained) over ({{ month_so_far }}) as bigint) as unexplained_to_date
from daily
