{{ history_of(ref('stg_ops__position_valuation'), ['portfolio_id', 'symbol', 'as_of', 'basis']) }}
