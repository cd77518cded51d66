"""Reads what an end of day needs, from one snapshot of the database."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from endofday.core.day import Books, Closes, Day, wanted_moments, wanted_sessions
from endofday.core.facts import Action, Instrument, Portfolio, Quote, Rates, Trade, Version, members
from endofday.core.fx_day import fx_close, is_business_date
from endofday.core.sessions import Session
from store.database import Connection

MAX_RATE_AGE = dt.timedelta(days=7)
"""A rate older than this counts as missing: over a long weekend yes, over a gap in the history no."""
OPTION = "option"
DAY_END = dt.time(23, 59, 59, 999_999, tzinfo=dt.UTC)

_PORTFOLIOS = "SELECT portfolio_id, base_currency, parent_id FROM ops.portfolio_latest ORDER BY portfolio_id"
_INSTRUMENTS = """
SELECT symbol, asset_class, currency, exchange, multiplier, sector, issuer FROM ops.instrument_latest
"""
_VERSIONS = """
SELECT portfolio_id, symbol, as_of, quantity, average_cost, currency, cost_fx_rate, revision
  FROM ops.position_latest WHERE as_of <= $1 AND ($2::text[] IS NULL OR portfolio_id = ANY ($2))
 ORDER BY portfolio_id, symbol, as_of
"""
_TRADES = """
SELECT fill_id, portfolio_id, symbol, executed_at, seq, quantity, price, currency, fee
  FROM ops.fill_latest WHERE executed_at <= $1 AND ($2::text[] IS NULL OR portfolio_id = ANY ($2))
 ORDER BY executed_at, seq, fill_id
"""
_ACTIONS = """
SELECT symbol, ex_date, type, value, revision FROM ops.corporate_action_latest
 WHERE ex_date <= $1 ORDER BY symbol, ex_date, type
"""
_ACTIONS_ABOUT = """
SELECT symbol, ex_date, type, value, revision FROM ops.corporate_action_latest
 WHERE ex_date <= $1 AND (type = 'split' OR ex_date > $2) AND symbol = ANY ($3)
 ORDER BY symbol, ex_date, type
"""
_CLOSES = """
SELECT w.symbol, w.date, b.close AS bar_close, b.currency AS bar_currency, b.window_start,
       b.revision AS bar_revision, d.close, d.currency, d.revision
  FROM unnest($1::text[], $2::date[], $3::timestamptz[]) AS w(symbol, date, closed)
  LEFT JOIN LATERAL (
       SELECT close, currency, window_start, revision FROM ops.price_bar
        WHERE symbol = w.symbol AND trade_date = w.date AND window_end <= w.closed
          AND window_start > w.closed - interval '1 day'
        ORDER BY window_start DESC, revision DESC LIMIT 1) b ON true
  LEFT JOIN LATERAL (
       SELECT close, currency, revision FROM ops.daily_price
        WHERE symbol = w.symbol AND date = w.date ORDER BY revision DESC LIMIT 1) d ON true
"""
_OPTION_CLOSES = """
SELECT w.symbol, w.date, v.price, v.currency, v.portfolio_id, v.as_of, v.revision
  FROM unnest($1::text[], $2::date[], $3::timestamptz[]) AS w(symbol, date, closed)
 CROSS JOIN LATERAL (
       SELECT v.* FROM (
              SELECT portfolio_id FROM ops.position WHERE symbol = w.symbol
               UNION SELECT portfolio_id FROM ops.fill WHERE symbol = w.symbol) AS h
        CROSS JOIN LATERAL (
              SELECT price, currency, portfolio_id, as_of, revision FROM ops.position_valuation
               WHERE portfolio_id = h.portfolio_id AND symbol = w.symbol AND basis = 'bar'
                 AND as_of <= w.closed AND as_of > w.closed - interval '1 day'
               ORDER BY as_of DESC, revision DESC LIMIT 1) AS v
        WHERE v.price IS NOT NULL ORDER BY v.as_of DESC, v.portfolio_id LIMIT 1) AS v
"""
_RATES = """
SELECT m.moment, p.pair, f.rate, f.as_of, f.revision,
       b.close, b.as_of AS bar_as_of, b.window_start, b.revision AS bar_revision
  FROM unnest($1::timestamptz[]) AS m(moment)
 CROSS JOIN unnest($2::text[]) AS p(pair)
  LEFT JOIN LATERAL (
       SELECT rate, as_of, revision FROM ops.fx_rate
        WHERE pair = p.pair AND as_of <= m.moment AND as_of > m.moment - $3::interval
        ORDER BY as_of DESC, revision DESC LIMIT 1) f ON true
  LEFT JOIN LATERAL (
       SELECT close, as_of, window_start, revision FROM ops.price_bar
        WHERE symbol = p.pair AND window_end <= m.moment AND window_start > m.moment - $3::interval
        ORDER BY window_start DESC, revision DESC LIMIT 1) b ON true
 WHERE f.rate IS NOT NULL OR b.close IS NOT NULL
"""
_PAIRS = """
SELECT DISTINCT pair FROM ops.fx_rate
 UNION SELECT symbol FROM ops.instrument_latest WHERE asset_class = 'fx' AND symbol ~ '^[A-Z]{6}$'
"""


async def read_books(
    conn: Connection, date: dt.date, until: dt.datetime, portfolio_id: str | None = None
) -> Books:
    """Portfolios, instruments, positions, fills and corporate actions up to the end of a business date.

    With a portfolio id only positions and fills of it and of those below it.
    """
    rows = [Portfolio(*row) for row in await conn.fetch(_PORTFOLIOS)]
    portfolios = {one.portfolio_id: one for one in rows}
    owners = None if portfolio_id is None else members(portfolios, portfolio_id)
    instruments = [Instrument(*row) for row in await conn.fetch(_INSTRUMENTS)]
    versions = [Version(*row) for row in await conn.fetch(_VERSIONS, until, owners)]
    trades = [Trade(*row) for row in await conn.fetch(_TRADES, until, owners)]
    actions = [Action(*row) for row in await conn.fetch(_ACTIONS, date)]
    return Books(
        portfolios,
        {one.symbol: one for one in instruments},
        _grouped((((one.portfolio_id, one.symbol), one)) for one in versions),
        _grouped((((one.portfolio_id, one.symbol), one)) for one in trades),
        _grouped((one.symbol, one) for one in actions),
    )


async def read_day(conn: Connection, date: dt.date) -> tuple[Books, Closes, Day]:
    """Everything that the close of a business date rests on.

    Raises ValueError for a Saturday or Sunday.
    """
    if not is_business_date(date):
        raise ValueError(f"{date} is a {date:%A}; business dates are Mondays to Fridays")
    books = await read_books(conn, date, max(fx_close(date), dt.datetime.combine(date, DAY_END)))
    day = Day(date, books.instruments)
    return books, await read_closes(conn, books, day), day


async def read_closes(conn: Connection, books: Books, day: Day) -> Closes:
    """Official closes of the two sessions of each symbol, and the rates of every moment needed."""
    prices = await read_prices(conn, wanted_sessions(books, day), books.instruments)
    return Closes(prices, await read_rates(conn, wanted_moments(books, day)))


async def read_opening(
    conn: Connection, day: Day, symbols: Iterable[str]
) -> tuple[Closes, dict[str, list[Action]]]:
    """What a running day is compared with: previous closes, the rates of 17:00 New York, and the corporate
    actions that count, dividends of the day and all splits.
    """
    sessions = {symbol: day.sessions(symbol) for symbol in sorted(symbols)}
    before = [(symbol, opening) for symbol, (opening, _) in sessions.items()]
    prices = await read_prices(conn, before, day.instruments)
    closes = Closes(prices, await read_rates(conn, day.fx_closes[:1]))
    since = min((opening.date for _, opening in before), default=day.date)
    found = [Action(*row) for row in await conn.fetch(_ACTIONS_ABOUT, day.date, since, list(sessions))]
    return closes, _grouped((one.symbol, one) for one in found)


async def read_prices(
    conn: Connection, sessions: Sequence[tuple[str, Session]], instruments: Mapping[str, Instrument]
) -> dict[tuple[str, dt.date], Quote]:
    """Official closes by symbol and date.

    An option that did not trade closes at its last official value of the session.
    """
    rows = await conn.fetch(_CLOSES, *_columns(sessions))
    found = {(row["symbol"], row["date"]): _close(row) for row in rows}
    prices = {key: quote for key, quote in found.items() if quote is not None}
    untraded = [
        (symbol, session)
        for symbol, session in sessions
        if (symbol, session.date) not in prices
        and symbol in instruments
        and instruments[symbol].asset_class == OPTION
    ]
    if untraded:
        rows = await conn.fetch(_OPTION_CLOSES, *_columns(untraded))
        prices |= {(row["symbol"], row["date"]): _model_close(row) for row in rows}
    return prices


def _columns(sessions: Sequence[tuple[str, Session]]) -> tuple[list[Any], ...]:
    return (
        [symbol for symbol, _ in sessions],
        [session.date for _, session in sessions],
        [session.close for _, session in sessions],
    )


def _model_close(row: Mapping[str, Any]) -> Quote:
    name = f"valuation:{row['portfolio_id']}:{row['symbol']}:{_text(row['as_of'])}:{row['revision']}"
    return Quote(row["price"], row["currency"], name)


def _close(row: Mapping[str, Any]) -> Quote | None:
    """The last final bar of the session, else its daily close."""
    symbol = row["symbol"]
    if row["bar_close"] is not None:
        name = f"bar:{symbol}:{_text(row['window_start'])}:{row['bar_revision']}"
        return Quote(row["bar_close"], row["bar_currency"], name)
    if row["close"] is not None:
        return Quote(row["close"], row["currency"], f"daily:{symbol}:{row['date']}:{row['revision']}")
    return None


async def read_rates(conn: Connection, moments: Sequence[dt.datetime]) -> dict[dt.datetime, Rates]:
    """Rates of every pair in force at each moment."""
    pairs = [row["pair"] for row in await conn.fetch(_PAIRS)]
    quotes: defaultdict[dt.datetime, dict[str, Quote]] = defaultdict(dict)
    for row in await conn.fetch(_RATES, moments, pairs, MAX_RATE_AGE):
        quotes[row["moment"]][row["pair"]] = _quote(row)
    return {moment: Rates(quotes[moment]) for moment in moments}


def _quote(row: Mapping[str, Any]) -> Quote:
    """The newer of fixing and bar; of two of one moment the bar, as in live values."""
    pair, fixing, bar = row["pair"], row["as_of"], row["bar_as_of"]
    if bar is None or (fixing is not None and fixing > bar):
        return Quote(row["rate"], pair[3:], f"fx:{pair}:{_text(fixing)}:{row['revision']}")
    return Quote(row["close"], pair[3:], f"bar:{pair}:{_text(row['window_start'])}:{row['bar_revision']}")


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
