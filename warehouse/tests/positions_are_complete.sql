-- A closing valuation has as many lines as its coverage says.
select valued.portfolio_id, valued.date, max(valued.positions) as positions, count(held.position_key) as lines
from {{ ref('fact_portfolio_valuation') }} as valued
left join {{ ref('fact_positions') }} as held
    on held.portfolio_id = valued.portfolio_id and held.date = valued.date
where valued.is_closing
group by valued.portfolio_id, valued.date
having max(valued.positions) <> count(held.position_key)
