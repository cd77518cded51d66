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

{# And the groups with rows whose version of a dimension is another by now. #}
{% macro moved_versions(group, dimensions) -%}
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
