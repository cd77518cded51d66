with used as (
    select distinct exchange from {{ ref('stg_ops__instrument') }}
)

select
    {{ surrogate_key(['used.exchange']) }} as exchange_key,
    used.exchange,
    coalesce(known.name, used.exchange) as name,
    known.country,
    known.time_zone
from used
left join {{ ref('exchanges') }} as known on known.mic = used.exchange

union all

select '-1', 'UNKNOWN', 'unknown', null, null
