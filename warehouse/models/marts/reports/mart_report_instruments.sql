-- Every version of an instrument that was ever recorded: a report takes the one of its date and moment.
select symbol, name, asset_class, currency, sector, valid_from, revision, recorded_at
from {{ ref('stg_ops__instrument') }}
