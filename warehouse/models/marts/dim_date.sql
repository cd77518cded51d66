with days as (
    {{ date_spine(var('first_date'), var('last_date')) }}
)

select
    {{ date_key('date') }} as date_key,
    date,
    cast(extract(year from date) as integer) as year,
    cast(extract(quarter from date) as integer) as quarter,
    cast(extract(month from date) as integer) as month,
    cast(extract(day from date) as integer) as day_of_month,
    {{ iso_weekday('date') }} as weekday,
    cast({{ dbt.date_trunc('month', 'date') }} as date) as month_start,
    {{ iso_weekday('date') }} <= 5 as is_business_date
from days

union all

select -1, null, null, null, null, null, null, null, null
