"""Whether an exchange trades at a moment or on a date: what a schedule asks before it starts work."""

import datetime as dt

from endofday.core.sessions import last_session, session_spans

WINDOW = dt.timedelta(minutes=5)


def trades_on(exchange: str | None, date: dt.date) -> bool:
    """Whether the exchange has a session of this date; None is what trades around the clock on weekdays."""
    return last_session(exchange, date).date == date


def trades_at(exchange: str | None, moment: dt.datetime) -> bool:
    """Whether a session covers a part of the window of bars that ends at the moment or has just begun.

    So the run at the close, which makes the session's last bars, is still in session.
    """
    spans = session_spans(exchange, moment - WINDOW, moment + dt.timedelta(microseconds=1))
    return any(opened < closed for opened, closed in spans)
