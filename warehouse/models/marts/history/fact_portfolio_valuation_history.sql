{{ history_of(ref('int_portfolio_valuation_revisions'), ['portfolio_id', 'as_of', 'basis']) }}
