{{ history_of(ref('stg_ops__price_bar'), ['symbol', 'window_start']) }}
