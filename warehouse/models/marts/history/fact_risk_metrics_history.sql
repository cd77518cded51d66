{{ history_of(ref('int_risk_metric_revisions'), ['portfolio_id', 'as_of', 'basis', 'measure', 'parameters']) }}
