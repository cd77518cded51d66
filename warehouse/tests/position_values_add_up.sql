-- The lines of a closing valuation are the whole of it: value, long, short, gross, net, exactly. Cash is no exposure.
with lines as (
    select
        portfolio_id,
        date,
        sum(market_value_base) as market_value,
        sum(case when market_value_base > 0 and coalesce(asset_class, '') <> 'cash' then market_value_base else 0 end) as long_exposure,
        sum(case when market_value_base < 0 and coalesce(asset_class, '') <> 'cash' then market_value_base else 0 end) as short_exposure
    from {{ ref('fact_positions') }}
    group by portfolio_id, date
)

select
    valued.portfolio_id,
    valued.date,
    valued.market_value,
    lines.market_value as sum_of_positions,
    valued.gross_exposure,
    valued.net_exposure
from {{ ref('fact_portfolio_valuation') }} as valued
inner join lines on lines.portfolio_id = valued.portfolio_id and lines.date = valued.date
where valued.is_closing
    and (
        valued.market_value <> lines.market_value
        or valued.net_exposure <> lines.long_exposure + lines.short_exposure
        or valued.long_exposure <> lines.long_exposure
        or valued.short_exposure <> lines.short_exposure
        or valued.gross_exposure <> lines.long_exposure - lines.short_exposure
    )
