{{ history_of(ref('int_pnl_daily_revisions'), ['portfolio_id', 'symbol', 'date']) }}
