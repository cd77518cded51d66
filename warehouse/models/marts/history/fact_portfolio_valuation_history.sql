{{ history_of(ref('stg_ops__portfolio_valuation'), ['portfolio_id', 'as_of', 'basis']) }}
