-- Every revision of every daily fixing with the moment it was superseded.
select pair, as_of, {{ utc_date('as_of') }} as date, rate, revision, recorded_at, superseded_at
from ({{ history_of(ref('stg_ops__fx_rate'), ['pair', 'as_of']) }}) as history
