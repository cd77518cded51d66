"""When a schedule has something to do: sessions of exchanges, holidays, around the clock."""

from datetime import UTC, date, datetime

import pytest

from endofday.core.trading import trades_at, trades_on

NEW_YORK = "XNYS"


@pytest.mark.parametrize(
    ("exchange", "moment", "expected"),
    [
        (NEW_YORK, "2013-10-07T13:29", False),  # 9:29 in New York
        (NEW_YORK, "2013-10-07T13:30", True),  # the opening
        (NEW_YORK, "2013-10-07T20:00", True),  # the run at the close makes the last bars
        (NEW_YORK, "2013-10-07T20:04", True),
        (NEW_YORK, "2013-10-07T20:05", False),
        (NEW_YORK, "2013-11-29T18:00", True),  # the day after Thanksgiving ends at 13:00
        (NEW_YORK, "2013-11-29T18:10", False),
        (NEW_YORK, "2013-12-25T16:00", False),
        (NEW_YORK, "2013-12-25T22:00", False),  # where an empty span of a holiday could count
        (NEW_YORK, "2013-10-05T16:00", False),  # Saturday
        (None, "2013-10-07T03:00", True),  # currencies, in the night
        (None, "2013-10-05T03:00", False),
        (None, "2013-10-06T22:00", True),  # Sunday 18:00 in New York
    ],
)
def test_a_schedule_works_only_in_session(exchange, moment, expected):
    assert trades_at(exchange, datetime.fromisoformat(moment).replace(tzinfo=UTC)) is expected


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        (NEW_YORK, date(2013, 10, 7), True),
        (NEW_YORK, date(2013, 12, 25), False),
        (NEW_YORK, date(2013, 10, 6), False),
        ("XLON", date(2013, 12, 26), False),
        (None, date(2013, 12, 25), True),
        (None, date(2013, 10, 5), False),
    ],
)
def test_a_date_is_one_with_a_session_of_it(exchange, day, expected):
    assert trades_on(exchange, day) is expected
