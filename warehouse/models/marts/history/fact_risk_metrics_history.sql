{{ history_of(ref('stg_ops__risk_metric'), ['portfolio_id', 'as_of', 'basis', 'measure', 'parameters']) }}
