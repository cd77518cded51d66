-- The lines of the valuation that closes a date. A valuation is stored whole: each of its revisions has all its
-- lines, so a line that is gone has no row in the newest one. Which valuation closes a date is taken from gold:
-- read from ops again it could be a later one, and lines and valuation of one run would not belong together.
select held.*, closings.date, closings.currency as base_currency
from {{ ref('stg_ops__position_valuation') }} as held
inner join {{ ref('fact_portfolio_valuation') }} as closings
    on closings.portfolio_id = held.portfolio_id
    and closings.as_of = held.as_of
    and closings.basis = held.basis
    and closings.revision = held.revision
where closings.is_closing
