"""The steps of an end of day that need nothing but PostgreSQL, on a thousand books of a hundred positions."""

import datetime as dt
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from bench.rows import Row
from bench.stack import home
from bench.warehouse import build_s
from endofday.adapters.runs import Attempt
from endofday.runner import run_steps
from endofday.steps import STEPS
from local_stack.state import checkout_root
from quant import business_dates
from reports.catalog import FORMATS, make_report
from store.database import Connection, Database
from store.migrate import migrate
from tapeline_cli.eod.chain import REPORTS
from testkit.embedded import running_database

PORTFOLIOS, POSITIONS, SYMBOLS, HISTORY_DATES = 1000, 100, 500, 520
TARGET_S = 300.0
LAST = dt.date(2013, 10, 7)
NOTE = (
    f"{SYMBOLS} symbols with {HISTORY_DATES} dates of history, two currencies, books in three, a limit "
    "on every book. Without bars, so warehouse is what the books cost; the first one builds every table. The "
    "steps wait and compact depend on the ticks of a day, not on books."
)

# Random walks of SQL: what they look like does not matter to the time, that no two are alike does.
_PRICES = """
INSERT INTO ops.daily_price (symbol, date, close, currency, revision)
SELECT 'S' || n, date,
       round((40 + n % 60 + sum(random() - 0.5) OVER (PARTITION BY n ORDER BY date))::numeric, 4),
       CASE n % 5 WHEN 0 THEN 'EUR' ELSE 'USD' END, 1
  FROM generate_series(1, $1::int) AS n CROSS JOIN unnest($2::date[]) AS date
"""
_RATES = """
INSERT INTO ops.fx_rate (pair, as_of, rate, revision)
SELECT pair, date::timestamp AT TIME ZONE 'UTC', round((middle + random() / 50)::numeric, 6), 1
  FROM unnest(ARRAY['EURUSD', 'GBPUSD'], ARRAY[1.35, 1.6]) AS pairs(pair, middle)
 CROSS JOIN unnest($1::date[]) AS date
"""
_INSTRUMENTS = """
INSERT INTO ops.instrument
       (symbol, valid_from, name, asset_class, currency, exchange, sector, multiplier, revision)
SELECT 'S' || n, '2009-01-02Z', 'S' || n, 'equity', CASE n % 5 WHEN 0 THEN 'EUR' ELSE 'USD' END, 'XNYS',
       'sector ' || n % 9, 1, 1 FROM generate_series(1, $1::int) AS n
"""
_PORTFOLIOS = """
INSERT INTO ops.portfolio (portfolio_id, valid_from, name, base_currency, revision)
SELECT 'P' || n, '2009-01-02Z', 'P' || n, (ARRAY['USD', 'EUR', 'GBP'])[n % 3 + 1], 1
  FROM generate_series(1, $1::int) AS n
"""
_POSITIONS = """
INSERT INTO ops.position (portfolio_id, symbol, as_of, quantity, average_cost, currency, revision)
SELECT 'P' || n, 'S' || s, '2013-01-02Z', (n * 31 + k * 17) % 900 - 299.5, 45,
       CASE s % 5 WHEN 0 THEN 'EUR' ELSE 'USD' END, 1
  FROM generate_series(1, $1::int) AS n CROSS JOIN generate_series(1, $2::int) AS k
 CROSS JOIN LATERAL (SELECT (n * 7 + k * 3) % $3::int + 1 AS s) AS chosen
"""
_LIMITS = """
INSERT INTO ops.limit_definition
       (limit_id, portfolio_id, scope, measure, parameters, hard_level, active, revision)
SELECT 'L' || n, 'P' || n, 'portfolio', 'historical_var', 'confidence_bp=9900', 20000, true, 1
  FROM generate_series(1, $1::int) AS n
"""


def measure(runs: int, portfolios: int = PORTFOLIOS) -> list[Row]:
    """Seconds of each step for the newest dates, oldest first, and of a repeat that finds nothing new."""
    subprocess.run([str(checkout_root() / "scripts/install"), "dbt"], check=True)
    dates = business_dates(LAST - dt.timedelta(days=2 * runs + 3), LAST)[-runs:]
    with home() as directory, filled_database(directory, portfolios) as dsn:
        done = [_done(dsn, directory, date) for date in dates]
        again = _done(dsn, directory, LAST)
    path = f"end of day, {portfolios:,} portfolios x {POSITIONS} positions"
    total = tuple(sum(times.values()) for times in done)
    rows = [Row(path=path, subject="all steps", unit="s", values=total, target=TARGET_S, note=NOTE)]
    rows += [
        Row(path=path, subject=f"step {step}", unit="s", values=tuple(times[step] for times in done))
        for step in again
    ]
    return [*rows, Row(path=path, subject="all steps again", unit="s", values=(sum(again.values()),))]


@contextmanager
def filled_database(directory: Path, portfolios: int) -> Iterator[str]:
    """A database with books and history; it ends with the block."""
    with running_database(directory / "postgres", directory / "socket") as (server, _):
        dsn = server.create_database("bench")
        migrate(dsn)
        with Database(dsn, application="bench", max_size=1) as database:
            database.run(_fill(database, portfolios), 600)
        yield dsn


async def _fill(database: Database, portfolios: int) -> None:
    dates = business_dates(LAST - dt.timedelta(days=2 * HISTORY_DATES), LAST)[-HISTORY_DATES:]
    statements: list[tuple[str, tuple[object, ...]]] = [
        (_INSTRUMENTS, (SYMBOLS,)),
        (_PRICES, (SYMBOLS, dates)),
        (_RATES, (dates,)),
        (_PORTFOLIOS, (portfolios,)),
        (_POSITIONS, (portfolios, POSITIONS, SYMBOLS)),
        (_LIMITS, (portfolios,)),
        ("ANALYZE", ()),
    ]
    async with database.pool.acquire() as conn:
        await _insert(conn, statements)


async def _insert(conn: Connection, statements: list[tuple[str, tuple[object, ...]]]) -> None:
    await conn.execute("SELECT setseed(0.5)")
    for statement, values in statements:
        await conn.execute(statement, *values)


def _done(dsn: str, directory: Path, date: dt.date) -> dict[str, float]:
    """Seconds by step; a time counts only for a step that did its work."""
    times: dict[str, float] = {}
    for one in run_steps(dsn, [date], STEPS):
        times[one.step] = _told(date, one.step, _seconds(one))
    times["warehouse"] = _told(date, "warehouse", build_s(dsn, directory))
    times["reports"] = _told(date, "reports", _reports_s(dsn, date))
    return times


def _seconds(one: Attempt) -> float:
    if one.state != "done" or one.seconds is None:
        raise RuntimeError(f"{one.step} of {one.date}: {one.message}")
    return one.seconds


def _reports_s(dsn: str, date: dt.date) -> float:
    """Both reports in every format."""
    started = perf_counter()
    with Database(dsn, application="bench", max_size=1) as database:
        for name in REPORTS:
            report = database.run(make_report(database.pool, name, date, None), 600)
            for file_format in FORMATS:
                report.rendered(file_format)
    return perf_counter() - started


def _told(date: dt.date, step: str, seconds: float) -> float:
    """A run takes minutes: say where it is."""
    print(f"  {date} {step}: {seconds:.1f} s", flush=True)
    return seconds
