-- Expected shortfall is never below value at risk of the same confidence and look-back.
select var.metric_key, var.portfolio_id, var.as_of, var.value as value_at_risk, tail.value as expected_shortfall
from {{ ref('fact_risk_metrics') }} as var
inner join {{ ref('fact_risk_metrics') }} as tail
    on tail.portfolio_id = var.portfolio_id and tail.as_of = var.as_of and tail.basis = var.basis
    and tail.parameters = var.parameters and tail.measure = 'expected_shortfall'
where var.measure = 'historical_var' and tail.value < var.value * 0.999999999
