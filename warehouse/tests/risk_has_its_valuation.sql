-- An official risk number belongs to a valuation of the same portfolio and moment. Live ones do not: live values
-- are not stored, the risk of one is once a minute. What was recorded after the build began is of the next one:
-- a valuation may come between the builds of the two facts, and its risk after it.
select risk.metric_key, risk.portfolio_id, risk.as_of, risk.basis
from {{ ref('fact_risk_metrics') }} as risk
left join {{ ref('fact_portfolio_valuation') }} as valued
    on valued.portfolio_id = risk.portfolio_id and valued.as_of = risk.as_of and valued.basis = risk.basis
where risk.basis = 'bar'
    and valued.valuation_key is null
    and risk.recorded_at <= (select started_at from {{ ref('last_build') }})
