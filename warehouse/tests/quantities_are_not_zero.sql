-- Only where members are merged may long and short cancel out.
select held.portfolio_id, held.symbol, held.date
from {{ ref('fact_positions') }} as held
inner join {{ ref('dim_portfolio') }} as books on books.portfolio_key = held.portfolio_key
where held.quantity = 0 and not books.has_members

union all

select portfolio_id, symbol, {{ business_date('executed_at') }} as date
from {{ ref('stg_ops__fill') }}
where quantity = 0
