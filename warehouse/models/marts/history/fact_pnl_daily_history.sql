{{ history_of(ref('stg_ops__pnl_daily'), ['portfolio_id', 'symbol', 'date']) }}
