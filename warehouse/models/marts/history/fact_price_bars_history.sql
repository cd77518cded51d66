{{ history_of(ref('int_price_bar_revisions'), ['symbol', 'window_start']) }}
