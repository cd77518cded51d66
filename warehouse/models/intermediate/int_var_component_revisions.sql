-- Every revision of what a position adds to a risk number, on the business date of its market time.
select components.*, {{ business_date('as_of') }} as date
from {{ ref('stg_ops__var_component') }} as components
