{{ as_known(ref('fact_price_bars_history')) }}
