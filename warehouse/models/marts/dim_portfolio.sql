-- The hierarchy is that of today; a version keeps the parent it had.
with recursive surviving as (
    select said.*
    from {{ ref('stg_ops__portfolio') }} as said
    where not exists (
        select 1
        from {{ ref('stg_ops__portfolio') }} as newer
        where newer.portfolio_id = said.portfolio_id
            and newer.revision > said.revision
            and newer.valid_from <= said.valid_from
    )
),

versions as (
    select
        surviving.*,
        lag(valid_from) over (partition by portfolio_id order by revision) as before,
        lead(valid_from) over (partition by portfolio_id order by revision) as valid_to
    from surviving
),

tree as (
    select portfolio_id, portfolio_id as root_id, 0 as depth
    from versions
    where valid_to is null and parent_id is null

    union all

    select child.portfolio_id, tree.root_id, tree.depth + 1
    from versions as child
    inner join tree on child.parent_id = tree.portfolio_id
    where child.valid_to is null and tree.depth < 50
),

parents as (
    select distinct parent_id from versions where valid_to is null and parent_id is not null
)

select
    {{ surrogate_key(['versions.portfolio_id', epoch_us('valid_from')]) }} as portfolio_key,
    versions.portfolio_id,
    name,
    base_currency,
    versions.parent_id,
    tree.root_id,
    tree.depth,
    parents.parent_id is not null as has_members,
    valid_from,
    valid_to,
    case when before is null then {{ moment('0001-01-01 00:00:00+00') }} else valid_from end as applies_from,
    coalesce(valid_to, {{ moment('9999-01-01 00:00:00+00') }}) as applies_to,
    valid_to is null as is_current,
    revision,
    recorded_at
from versions
left join tree on tree.portfolio_id = versions.portfolio_id
left join parents on parents.parent_id = versions.portfolio_id

union all

select
    '-1', 'UNKNOWN', 'unknown', null, null, null, null, false, null, null, null, null, false, null, null
