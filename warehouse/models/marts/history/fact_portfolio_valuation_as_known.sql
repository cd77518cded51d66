{{ as_known(ref('fact_portfolio_valuation_history')) }}
