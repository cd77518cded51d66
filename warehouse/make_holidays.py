"""Write the weekdays on which each exchange of seeds/exchanges.csv is closed.

Run `python warehouse/make_holidays.py` when exchange_calendars is updated, and before the last year of
seeds/exchange_holidays.csv begins; a test holds the committed file against what this returns.
"""

import csv
import io
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import exchange_calendars
from exchange_calendars.errors import InvalidCalendarName

SEEDS = Path(__file__).resolve().parent / "seeds"
FIRST, LAST = date(2010, 1, 1), date(2028, 12, 31)
"""From where the demo history begins; no calendar is certain for longer than its exchange has announced."""


def holidays(mic: str, first: date = FIRST, last: date = LAST) -> list[date] | None:
    """Mondays to Fridays without a session, oldest first; None for an exchange without a calendar."""
    try:
        calendar = exchange_calendars.get_calendar(mic, start=first, end=last)
    except InvalidCalendarName:
        return None
    sessions = {session.date() for session in calendar.sessions}
    days = (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
    return [day for day in days if day.weekday() < 5 and day not in sessions]


def exchanges() -> list[str]:
    with (SEEDS / "exchanges.csv").open() as file:
        return [row["mic"] for row in csv.DictReader(file)]


def seed() -> str:
    """The file: one line for each exchange and weekday without a session."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("mic", "date"))
    writer.writerows(_lines())
    return text.getvalue()


def _lines() -> Iterator[tuple[str, date]]:
    for mic in exchanges():
        for day in holidays(mic) or ():
            yield mic, day


if __name__ == "__main__":
    (SEEDS / "exchange_holidays.csv").write_text(seed())
    sys.stdout.write(f"wrote {SEEDS / 'exchange_holidays.csv'}\n")
