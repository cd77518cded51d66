-- Every revision of every daily close with the moment it was superseded; not adjusted.
select symbol, date, close, currency, revision, recorded_at, superseded_at
from ({{ history_of(ref('stg_ops__daily_price'), ['symbol', 'date']) }}) as history
