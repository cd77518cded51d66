-- Gold has each bar that ops had when the build began, in that revision or a later one, and each bar is the one of
-- its revision in ops. Bars that came since are of the next build.
with stored as (
    select symbol, window_start, max(revision) as revision
    from {{ ref('stg_ops__price_bar') }}
    where recorded_at <= (select started_at from {{ ref('last_build') }})
    group by symbol, window_start
)

select stored.symbol, stored.window_start, stored.revision, gold.revision as gold_revision, 'missing' as problem
from stored
left join {{ ref('fact_price_bars') }} as gold
    on gold.symbol = stored.symbol and gold.window_start = stored.window_start
where gold.revision is null or gold.revision < stored.revision

union all

select gold.symbol, gold.window_start, said.revision, gold.revision as gold_revision, 'different' as problem
from {{ ref('fact_price_bars') }} as gold
left join {{ ref('stg_ops__price_bar') }} as said
    on said.symbol = gold.symbol and said.window_start = gold.window_start and said.revision = gold.revision
where said.revision is null
    {%- for name in ['open', 'high', 'low', 'close', 'vwap', 'volume', 'trades'] %}
    or gold.{{ name }} is distinct from said.{{ name }}
    {%- endfor %}
