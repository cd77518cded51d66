"""Which bars count as missing: those of a dense symbol, in session, over for long enough."""

import datetime as dt

from endofday.core.completeness import GRACE, WINDOW, check_bars

OPEN, CLOSE = dt.datetime(2013, 10, 7, 13, 30, tzinfo=dt.UTC), dt.datetime(2013, 10, 7, 20, tzinfo=dt.UTC)
FRIDAY = dt.timedelta(days=3)
EXCHANGES = {"IBM": "XNYS", "THIN": "XNYS", "NEW": "XNYS", "EURUSD": None}
Starts = set[dt.datetime]


def starts(first: dt.datetime, end: dt.datetime) -> Starts:
    return {first + number * WINDOW for number in range((end - first) // WINDOW)}


def bars(until: dt.datetime) -> dict[str, Starts]:
    """Friday's session and this one's up to a moment; the thin symbol has every second bar."""
    dense = starts(OPEN - FRIDAY, CLOSE - FRIDAY) | starts(OPEN, until)
    thin = {start for start in dense if start.minute % 10}
    sunday = dt.datetime(2013, 10, 6, 21, tzinfo=dt.UTC)
    return {"IBM": dense, "THIN": thin, "EURUSD": starts(sunday, until)}


def test_nothing_is_missing_when_dense_symbols_have_all_their_windows() -> None:
    noon = dt.datetime(2013, 10, 7, 16, tzinfo=dt.UTC)
    found = check_bars(noon + GRACE, EXCHANGES, bars(noon), 12)
    assert (found.windows, found.symbols, found.missing) == (12, 2, ())


def test_a_hole_is_told_and_what_is_not_over_long_enough_is_not() -> None:
    noon = dt.datetime(2013, 10, 7, 16, tzinfo=dt.UTC)
    known = bars(noon)
    hole = noon - 3 * WINDOW
    known["IBM"] -= {hole, noon - WINDOW}
    assert check_bars(noon + GRACE - WINDOW, EXCHANGES, known, 12).missing == (("IBM", hole),)
    assert len(check_bars(noon + GRACE, EXCHANGES, known, 12).missing) == 2


def test_outside_the_session_only_what_trades_around_the_clock_is_expected() -> None:
    evening = dt.datetime(2013, 10, 7, 20, 45, tzinfo=dt.UTC)
    known = bars(evening)
    known["IBM"] = {start for start in known["IBM"] if start < CLOSE}
    known["EURUSD"] -= {evening - WINDOW}
    found = check_bars(evening + GRACE, EXCHANGES, known, 6)
    assert (found.symbols, found.missing) == (1, (("EURUSD", evening - WINDOW),))


def test_the_first_day_expects_nothing() -> None:
    found = check_bars(OPEN + 3 * WINDOW, EXCHANGES, {"IBM": {OPEN}}, 12)
    assert (found.windows, found.symbols, found.missing) == (0, 0, ())
