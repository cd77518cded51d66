-- What the positions add to a value at risk, or to an expected shortfall, is all of it: exactly but for the
-- rounding of the sum to eight places, and nothing where there is no number.
select parts.metric_key, risk.portfolio_id, risk.as_of, risk.measure, risk.value, parts.component
from (
    select metric_key, cast(sum(component) as {{ type_of('real') }}) as component
    from {{ ref('fact_var_components') }}
    group by metric_key
) as parts
inner join {{ ref('fact_risk_metrics') }} as risk on risk.metric_key = parts.metric_key
where abs(parts.component - risk.value) > 0.00000001 + abs(risk.value) * 0.000000000001
    or (parts.component is null) <> (risk.value is null)
