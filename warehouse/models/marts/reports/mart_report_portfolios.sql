-- Every version of a portfolio that was ever recorded: a report takes the one of its date and moment.
select portfolio_id, name, base_currency, parent_id, valid_from, revision, recorded_at
from {{ ref('stg_ops__portfolio') }}
