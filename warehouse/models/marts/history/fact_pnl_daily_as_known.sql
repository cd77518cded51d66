{{ as_known(ref('fact_pnl_daily_history')) }}
