-- Every revision of a bar on the exchange's trade date.
select bars.*, trade_date as date
from {{ ref('stg_ops__price_bar') }} as bars
