{# The newest revision of each key, with `revisions`: how many there are. `within` names the columns of the
   groups to look at, those that the CTE `changed` lists; without it all of them. #}
{% macro latest_of(relation, key, within=none) -%}
    select * from (
        select
            facts.*,
            count(*) over (partition by {{ prefixed('facts', key) }}) as revisions,
            row_number() over (partition by {{ prefixed('facts', key) }} order by facts.revision desc) as newest
        from {{ relation }} as facts
        {% if within -%}
        inner join changed on {{ equal('changed', 'facts', within) }}
        {%- endif %}
    ) as ranked
    where newest = 1
{%- endmacro %}

{# All revisions with the moment each was superseded. #}
{% macro history_of(relation, key) -%}
    select
        facts.*,
        lead(recorded_at) over (partition by {{ key | join(', ') }} order by revision) as superseded_at
    from {{ relation }} as facts
{%- endmacro %}

{# The dimensions that facts point to: the column of the natural key, that of the surrogate key. #}
{% macro keys_of(dimension) -%}
    {{ return({
        'dim_symbol': ['symbol', 'symbol_key'],
        'dim_portfolio': ['portfolio_id', 'portfolio_key'],
    }[dimension]) }}
{%- endmacro %}

{# The head of a fact: `known` is the newest revision of each key, in an incremental build only of the groups to
   build anew. `dimensions` are those whose versions the fact points to; see moved_versions. #}
{% macro newest_facts(relation, key, group, dimensions) -%}
with
{% if is_incremental() -%}
changed as (
    {{ changed_groups(relation, group, dimensions) }}
),
{%- endif %}

known as (
    {{ latest_of(relation, key, within=group if is_incremental()) }}
)
{%- endmacro %}

{# Of a history: what was known at the variable `known_at`, what is known now without it. #}
{% macro as_known(history) -%}
    select * from {{ history }}
    {% if var('known_at') -%}
        where recorded_at <= {{ moment(var('known_at')) }}
            and (superseded_at is null or superseded_at > {{ moment(var('known_at')) }})
    {%- else -%}
        where superseded_at is null
    {%- endif %}
{%- endmacro %}

{# Groups (date and portfolio or symbol) of a relation of revisions to build anew: with another number of
   revisions than the table holds. The facts are only ever appended to, so a count tells every change; a clock
   would miss a transaction that commits late. Counting first keeps the ranking of revisions to what changed. #}
{% macro changed_groups(relation, group, dimensions) -%}
    select {{ prefixed('stored', group) }}
    from (
        select {{ group | join(', ') }}, count(*) as revisions
        from {{ relation }} group by {{ group | join(', ') }}
    ) as stored
    left join (
        select {{ group | join(', ') }}, sum(revisions) as revisions
        from {{ this }} group by {{ group | join(', ') }}
    ) as built on {{ equal('built', 'stored', group) }}
    where built.revisions is null or built.revisions <> stored.revisions
    {{ moved_versions(group, dimensions) }}
{%- endmacro %}

{# And the groups with rows that would now point to another version of a dimension, or to another exchange: a
   correction of an instrument that is valid from the same moment keeps the key of its version. #}
{% macro moved_versions(group, dimensions) -%}
    {% for dimension in dimensions if dimension != 'dim_exchange' %}
    {%- set key, surrogate = keys_of(dimension) %}
    union
    select {{ prefixed('fact', group) }}
    from {{ this }} as fact
    {{ version_at(dimension, key, 'fact.' ~ key, 'fact.as_of', 'version') }}
    where fact.{{ surrogate }} <> coalesce(version.{{ surrogate }}, '-1')
    {% endfor %}
    {%- if 'dim_exchange' in dimensions %}
    union
    select {{ prefixed('fact', group) }}
    from {{ this }} as fact
    left join {{ ref('dim_symbol') }} as version on version.symbol_key = fact.symbol_key
    left join {{ ref('dim_exchange') }} as listed on listed.exchange = version.exchange
    where fact.exchange_key <> coalesce(listed.exchange_key, '-1')
    {%- endif %}
{%- endmacro %}

{% macro prefixed(alias, columns) -%}
    {% for column in columns %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{% macro equal(left, right, columns) -%}
    {% for column in columns %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endmacro %}
