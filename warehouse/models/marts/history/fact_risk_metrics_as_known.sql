{{ as_known(ref('fact_risk_metrics_history')) }}
