-- Every revision of a valuation on the business date of its market time.
select valued.*, {{ business_date('as_of') }} as date
from {{ ref('stg_ops__portfolio_valuation') }} as valued
