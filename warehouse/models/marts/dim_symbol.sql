-- A later revision that is valid from an earlier moment replaces what was said of the time after it.
with surviving as (
    select said.*
    from {{ ref('stg_ops__instrument') }} as said
    where not exists (
        select 1
        from {{ ref('stg_ops__instrument') }} as newer
        where newer.symbol = said.symbol
            and newer.revision > said.revision
            and newer.valid_from <= said.valid_from
    )
),

versions as (
    select
        surviving.*,
        lag(valid_from) over (partition by symbol order by revision) as before,
        lead(valid_from) over (partition by symbol order by revision) as valid_to
    from surviving
)

select
    {{ surrogate_key(['symbol', epoch_us('valid_from')]) }} as symbol_key,
    symbol,
    name,
    asset_class,
    currency,
    exchange,
    isin,
    figi,
    sector,
    issuer,
    multiplier,
    underlying,
    strike,
    expiry,
    option_right,
    valid_from,
    valid_to,
    case when before is null then {{ moment('0001-01-01 00:00:00+00') }} else valid_from end as applies_from,
    coalesce(valid_to, {{ moment('9999-01-01 00:00:00+00') }}) as applies_to,
    valid_to is null as is_current,
    revision,
    recorded_at
from versions

union all

select
    '-1', 'UNKNOWN', 'unknown', null, null, null, null, null, null, null, null, null, null, null, null,
    null, null, null, null, false, null, null
