-- Gold has the bars of Silver, the table that they were made in: as many on each trade date, with the same sums.
-- Who runs this tells what Silver holds; without that there is nothing to compare with. Left out are dates that
-- got bars after Silver was read.
{% set silver = fromjson(env_var('TAPELINE_WAREHOUSE_SILVER', '{}')) %}
{% set sums = ['volume', 'trades', 'open', 'high', 'low', 'close'] %}

with silver as (
    {% for row in silver.get('dates', []) %}
    select
        cast('{{ row.trade_date }}' as date) as date,
        cast({{ row.bars }} as bigint) as bars
        {%- for name in sums %},
        cast({{ row[name] }} as {{ type_of('money') }}) as {{ name }}
        {%- endfor %}
    {{ 'union all ' if not loop.last }}
    {% else %}
    select date, cast(0 as bigint) as bars
        {%- for name in sums %}, cast(0 as {{ type_of('money') }}) as {{ name }}{% endfor %}
    from {{ ref('dim_date') }}
    where date is null
    {% endfor %}
),

gold as (
    select date, count(*) as bars, max(recorded_at) as recorded_at
        {%- for name in sums %}, sum({{ name }}) as {{ name }}{% endfor %}
    from {{ ref('fact_price_bars') }}
    where date >= (select min(date) from silver)
        {% if silver -%}
        and window_end <= {{ moment(silver.until) }}
        {%- endif %}
    group by date
)

select
    coalesce(silver.date, gold.date) as date,
    silver.bars as silver_bars,
    gold.bars as gold_bars
    {%- for name in sums %},
    silver.{{ name }} as silver_{{ name }},
    gold.{{ name }} as gold_{{ name }}
    {%- endfor %}
from silver
full outer join gold on gold.date = silver.date
where coalesce(silver.date, gold.date) is not null
    {% if silver -%}
    and (gold.recorded_at is null or gold.recorded_at <= {{ moment(silver.read_at) }})
    {%- endif %}
    and (
        gold.bars is null
        or silver.bars is null
        or gold.bars <> silver.bars
        {%- for name in sums %}
        or gold.{{ name }} <> silver.{{ name }}
        {%- endfor %}
    )
