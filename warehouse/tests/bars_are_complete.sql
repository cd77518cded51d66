-- Gold has each bar of ops once, with the same volume and prices.
with gold as (
    select count(*) as bars, sum(volume) as volume, sum(close) as close from {{ ref('fact_price_bars') }}
),

stored as (
    select count(*) as bars, sum(volume) as volume, sum(close) as close
    from (
        {{ latest_of(ref('stg_ops__price_bar'), ['symbol', 'window_start']) }}
    ) as latest
)

select gold.bars, stored.bars as stored_bars, gold.volume, stored.volume as stored_volume
from gold cross join stored
where gold.bars <> stored.bars or gold.volume <> stored.volume or gold.close <> stored.close
