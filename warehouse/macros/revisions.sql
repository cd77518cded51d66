{# The newest revision of each key, with `revisions`: how many there are. #}
{% macro latest_of(relation, key) -%}
    select * from (
        select
            facts.*,
            count(*) over (partition by {{ key | join(', ') }}) as revisions,
            row_number() over (partition by {{ key | join(', ') }} order by revision desc) as newest
        from {{ relation }} as facts
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

{# Of a history: what was known at the variable `known_at`, what is known now without it. #}
{% macro as_known(history) -%}
    select * from {{ history }}
    {% if var('known_at') -%}
        where recorded_at <= cast('{{ var("known_at") }}' as timestamptz)
            and (superseded_at is null or superseded_at > cast('{{ var("known_at") }}' as timestamptz))
    {%- else -%}
        where superseded_at is null
    {%- endif %}
{%- endmacro %}

{# Groups (date and portfolio or symbol) of a CTE `known` to build anew: with another number of revisions than
   the table holds, another moment, or rows whose version of a dimension is another by now. The facts are only
   ever appended to, so a count tells every change; a clock would miss a transaction that commits late. #}
{% macro changed_groups(group, dimensions) -%}
    select {{ prefixed('source_group', group) }}
    from (
        select {{ group | join(', ') }}, sum(revisions) as revisions, max(as_of) as as_of
        from known group by {{ group | join(', ') }}
    ) as source_group
    left join (
        select {{ group | join(', ') }}, sum(revisions) as revisions, max(as_of) as as_of
        from {{ this }} group by {{ group | join(', ') }}
    ) as built on {{ equal('built', 'source_group', group) }}
    where built.revisions is null or built.revisions <> source_group.revisions or built.as_of <> source_group.as_of
    {% for dimension, key, surrogate in dimensions %}
    union
    select {{ prefixed('fact', group) }}
    from {{ this }} as fact
    {{ version_at(dimension, key, 'fact.' ~ key, 'fact.as_of', 'version') }}
    where fact.{{ surrogate }} <> coalesce(version.{{ surrogate }}, '-1')
    {% endfor %}
{%- endmacro %}

{% macro prefixed(alias, columns) -%}
    {% for column in columns %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{% macro equal(left, right, columns) -%}
    {% for column in columns %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endmacro %}
