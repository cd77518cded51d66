-- Every revision of a risk number on the business date of its market time.
select metrics.*, {{ business_date('as_of') }} as date
from {{ ref('stg_ops__risk_metric') }} as metrics
