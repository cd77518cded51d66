-- Gold has the bars of Silver, the table that they were made in: as many on each trade date, and the same in every
-- field that makes a bar. Who runs this tells what Silver holds; the test silver_was_compared says when nobody did.
-- Left out are dates that got bars after Silver was read.
{% set silver = fromjson(env_var('TAPELINE_WAREHOUSE_SILVER', '{}')) %}
{% set compared = silver.get('dates', []) %}

with silver as (
    {% for row in compared %}
    select
        cast('{{ row.trade_date }}' as date) as date,
        cast({{ row.bars }} as bigint) as bars,
        cast({{ row.checksum }} as {{ type_of('money') }}) as checksum
    {{ 'union all ' if not loop.last }}
    {% else %}
    select date, cast(0 as bigint) as bars, cast(0 as {{ type_of('money') }}) as checksum
    from {{ ref('dim_date') }}
    where date is null
    {% endfor %}
),

gold as (
    select
        date,
        count(*) as bars,
        max(recorded_at) as recorded_at,
        cast({{ checksum_of_bars() }} as {{ type_of('money') }}) as checksum
    from {{ ref('fact_price_bars') }}
    where date >= (select min(date) from silver)
        {% if compared -%}
        and window_end <= {{ moment(silver.until) }}
        {%- endif %}
    group by date
)

select
    coalesce(silver.date, gold.date) as date,
    silver.bars as silver_bars,
    gold.bars as gold_bars,
    silver.checksum as silver_checksum,
    gold.checksum as gold_checksum
from silver
full outer join gold on gold.date = silver.date
where coalesce(silver.date, gold.date) is not null
    {% if compared -%}
    and (gold.recorded_at is null or gold.recorded_at <= {{ moment(silver.read_at) }})
    {%- endif %}
    and (
        gold.bars is null
        or silver.bars is null
        or gold.bars <> silver.bars
        or gold.checksum <> silver.checksum
    )
