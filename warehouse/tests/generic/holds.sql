{# Every row fulfils the condition; a condition that is null holds. #}
{% test holds(model, condition) %}
select * from {{ model }} where not ({{ condition }})
{% endtest %}
