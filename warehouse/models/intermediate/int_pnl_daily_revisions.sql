-- Every revision of a day's profit and loss; it holds at the close of the business date.
select daily.*, {{ business_close('date') }} as as_of
from {{ ref('stg_ops__pnl_daily') }} as daily
