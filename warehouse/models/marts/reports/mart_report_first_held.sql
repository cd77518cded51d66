-- When a portfolio itself, without its members, first held something, by when that was recorded.
with held as (
    select portfolio_id, as_of as held_at, recorded_at
    from {{ ref('stg_ops__position') }}

    union all

    select portfolio_id, executed_at, recorded_at
    from {{ ref('stg_ops__fill') }}
)

select portfolio_id, recorded_at, min({{ utc_date('held_at') }}) as first_held
from held
group by portfolio_id, recorded_at
