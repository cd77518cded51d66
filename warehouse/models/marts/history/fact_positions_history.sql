-- A valuation is stored whole, so its lines are superseded together with it, also a line that is gone since.
select held.*, valued.superseded_at
from {{ ref('stg_ops__position_valuation') }} as held
inner join {{ ref('fact_portfolio_valuation_history') }} as valued
    on valued.portfolio_id = held.portfolio_id
    and valued.as_of = held.as_of
    and valued.basis = held.basis
    and valued.revision = held.revision
