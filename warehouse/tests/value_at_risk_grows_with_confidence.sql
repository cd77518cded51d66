-- The loss that is exceeded one day in a hundred is no smaller than that of one day in twenty.
select lower.metric_key, lower.portfolio_id, lower.as_of, lower.value as value_95, higher.value as value_99
from {{ ref('fact_risk_metrics') }} as lower
inner join {{ ref('fact_risk_metrics') }} as higher
    on higher.portfolio_id = lower.portfolio_id and higher.as_of = lower.as_of and higher.basis = lower.basis
    and higher.measure = lower.measure
    and higher.parameters = replace(lower.parameters, 'confidence_bp=9500', 'confidence_bp=9900')
    and higher.parameters <> lower.parameters
where lower.measure in ('historical_var', 'expected_shortfall') and higher.value < lower.value
