"""Which final bars should be there and are not."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from endofday.core.sessions import session_spans

WINDOW = dt.timedelta(minutes=5)
HISTORY = dt.timedelta(days=5)
GRACE = dt.timedelta(minutes=3)
"""The Silver job runs seconds after a window, and a minute later for partitions that were behind."""
DENSE_SHARE = 0.9
LEAST_WINDOWS = 12


@dataclass(frozen=True, slots=True)
class Completeness:
    """What was looked at, and the (symbol, window start) pairs without a bar."""

    windows: int
    symbols: int
    missing: tuple[tuple[str, dt.datetime], ...]


def check_bars(
    market_time: dt.datetime,
    exchanges: Mapping[str, str | None],
    bars: Mapping[str, Iterable[dt.datetime]],
    count: int,
) -> Completeness:
    """The newest `count` windows that are over at a market time, of every symbol expected in them.

    Parameters: the exchange of each symbol, None for what trades around the clock on weekdays, and the
    window starts it has bars of since `HISTORY` before. A symbol is expected in a window of its session when
    it had a bar in nine of ten windows of its sessions before: a thin one may rest for five minutes.
    """
    end = _floor(market_time - GRACE)
    first = end - count * WINDOW
    windows, symbols, missing = set[dt.datetime](), 0, list[tuple[str, dt.datetime]]()
    for symbol, exchange in sorted(exchanges.items()):
        known = set(bars.get(symbol, ()))
        if not known or not _is_dense(known, exchange, first):
            continue
        due = _in_session(exchange, first, end)
        symbols += bool(due)
        windows.update(due)
        missing += [(symbol, start) for start in due if start not in known]
    return Completeness(len(windows), symbols, tuple(missing))


def _is_dense(known: set[dt.datetime], exchange: str | None, until: dt.datetime) -> bool:
    before = [start for start in known if start < until]
    if not before:
        return False
    past = _in_session(exchange, min(before), until)
    return len(past) >= LEAST_WINDOWS and len(known.intersection(past)) >= DENSE_SHARE * len(past)


def _in_session(exchange: str | None, first: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Starts of the windows in [first, end) that lie wholly in a session."""
    found: list[dt.datetime] = []
    for opened, closed in session_spans(exchange, first, end):
        start = max(first, _ceiling(opened))
        while start + WINDOW <= min(closed, end):
            found.append(start)
            start += WINDOW
    return found


def _floor(moment: dt.datetime) -> dt.datetime:
    return moment - (moment - dt.datetime.min.replace(tzinfo=dt.UTC)) % WINDOW


def _ceiling(moment: dt.datetime) -> dt.datetime:
    floor = _floor(moment)
    return floor if floor == moment else floor + WINDOW
