-- Every revision of every split and dividend with the moment it was superseded.
select symbol, ex_date, type, value, revision, recorded_at, superseded_at
from ({{ history_of(ref('stg_ops__corporate_action'), ['symbol', 'ex_date', 'type']) }}) as history
