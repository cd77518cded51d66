-- Every session of every exchange whose calendar is known: Mondays to Fridays but for its holidays, in the years
-- of the calendar. An exchange without a calendar has no row: nothing is expected of it.
with calendars as (
    select
        mic,
        cast(min(extract(year from date)) as integer) as first_year,
        cast(max(extract(year from date)) as integer) as last_year
    from {{ ref('exchange_holidays') }}
    group by mic
)

select calendars.mic as exchange, days.date
from calendars
inner join {{ ref('dim_date') }} as days
    on days.is_business_date and days.year between calendars.first_year and calendars.last_year
left join {{ ref('exchange_holidays') }} as closed on closed.mic = calendars.mic and closed.date = days.date
where closed.date is null
