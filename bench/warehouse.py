"""Gold from the rows of many books: built whole, after one more date, and with nothing new."""

import os
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter

import psycopg

from bench.rows import Row
from bench.stack import home
from local_stack.state import checkout_root
from store.migrate import migrate
from tapeline_cli.warehouse import dbt_command, environment_of
from testkit.embedded import running_database

PORTFOLIOS, POSITIONS, SYMBOLS, DATES = 1000, 100, 500, 5
FIRST, CLOSE = date(2013, 9, 2), time(20)
BUILT_TARGET_S = 150.0
PATH = f"dbt build with every test, {PORTFOLIOS:,} portfolios x {POSITIONS} positions"
NOTE = (
    f"{DATES} dates with a closing valuation, daily profit and loss and 12 risk numbers of each portfolio, "
    f"two of them split by position, five-minute bars of {SYMBOLS} symbols, written by SQL; from starting "
    "dbt to its end."
)

# Every number follows from the ordinals of portfolio, symbol and date, so that the data tests hold.
_BOOKS = """
INSERT INTO ops.instrument (symbol, valid_from, name, asset_class, currency, exchange, multiplier, revision)
SELECT 'S' || s, '2013-01-02', 'Name ' || s, 'equity', 'USD', 'XNYS', 1, 1
  FROM generate_series(0, %(symbols)s - 1) AS s;
INSERT INTO ops.portfolio (portfolio_id, valid_from, name, base_currency, revision)
SELECT 'P' || p, '2013-01-02', 'Book ' || p, 'USD', 1 FROM generate_series(1, %(portfolios)s) AS p
"""
_BARS = """
INSERT INTO ops.price_bar (symbol, window_start, window_end, trade_date, open, high, low, close, vwap, volume,
                           trades, currency, status, first_tick_id, last_tick_id, as_of, revision)
SELECT 'S' || s, start, start + interval '5 minutes', %(date)s, price, price + 1, price - 1, price, price,
       1000, 10, 'USD', 'final', 'a', 'b', start + interval '299 seconds', 1
  FROM generate_series(0, %(symbols)s - 1) AS s
 CROSS JOIN generate_series(0, 77) AS w
 CROSS JOIN LATERAL (SELECT %(close)s - interval '5 minutes' * (w + 1) AS start,
                            10 + s %% 90 + %(day)s * 0.25 AS price) AS bar
"""
_LINES = """
INSERT INTO ops.position_valuation (portfolio_id, symbol, as_of, basis, valuation_id, asset_class, quantity,
    average_cost, multiplier, currency, price, price_as_of, fx_rate, market_value, market_value_base,
    position_as_of, position_version, stale, revision)
SELECT 'P' || p, 'S' || (p * 7 + n) %% %(symbols)s, %(close)s, 'bar', 'P' || p || ':' || %(day)s, 'equity',
       quantity, 10, 1, 'USD', price, %(close)s, 1, quantity * price, quantity * price,
       '2013-01-02', 1, false, 1
  FROM generate_series(1, %(portfolios)s) AS p
 CROSS JOIN generate_series(0, %(positions)s - 1) AS n
 CROSS JOIN LATERAL (SELECT CASE WHEN n %% 5 = 0 THEN -1 ELSE 1 END * (1 + (p + n) %% 50) * 10 AS quantity,
                            10 + (p * 7 + n) %% %(symbols)s %% 90 + %(day)s * 0.25 AS price) AS held
"""
_VALUES = """
INSERT INTO ops.portfolio_valuation (portfolio_id, as_of, basis, valuation_id, currency, market_value,
    long_exposure, short_exposure, gross_exposure, net_exposure, coverage, fx_rates, revision)
SELECT portfolio_id, as_of, basis, min(valuation_id), 'USD', sum(market_value_base),
       sum(greatest(market_value_base, 0)), sum(least(market_value_base, 0)), sum(abs(market_value_base)),
       sum(market_value_base),
       jsonb_build_object('positions', count(*), 'priced', count(*), 'unpriced', 0, 'stale', 0), '{}', 1
  FROM ops.position_valuation WHERE as_of = %(close)s GROUP BY portfolio_id, as_of, basis
"""
_EARNED = """
INSERT INTO ops.pnl_daily (portfolio_id, symbol, date, currency, opening_quantity, opening_price,
    opening_fx_rate, opening_value, closing_quantity, closing_price, closing_fx_rate, closing_value, flow,
    price, fx, trading, income, fees, total, realized, revision)
SELECT portfolio_id, symbol, %(date)s, 'USD', quantity, price - 0.25, 1, quantity * (price - 0.25), quantity,
       price, 1, market_value_base, 0, quantity * 0.25, 0, 0, 0, 0, quantity * 0.25, 0, 1
  FROM ops.position_valuation WHERE as_of = %(close)s
"""
_RISK = """
INSERT INTO ops.risk_metric (portfolio_id, as_of, basis, measure, parameters, valuation_id, value, unit,
                             details, definition, revision)
SELECT portfolio_id, as_of, basis, 'measure_' || m, 'number=' || m, valuation_id, m, 'USD', '{}', 1, 1
  FROM ops.portfolio_valuation CROSS JOIN generate_series(1, 12) AS m WHERE as_of = %(close)s
"""
_COMPONENTS = """
INSERT INTO ops.var_component (portfolio_id, as_of, basis, measure, parameters, symbol, valuation_id,
                               component, percent, marginal, currency, revision)
SELECT portfolio_id, as_of, basis, 'measure_' || m, 'number=' || m, symbol, valuation_id,
       m::numeric / %(positions)s, 100.0 / %(positions)s, 0, 'USD', 1
  FROM ops.position_valuation CROSS JOIN generate_series(1, 2) AS m WHERE as_of = %(close)s
"""


def measure(runs: int) -> list[Row]:
    """One database; the whole build once, then a date more in each run."""
    subprocess.run([str(checkout_root() / "scripts/install"), "dbt"], check=True)
    with home() as directory, running_database(directory, directory / "s") as (server, _):
        dsn = server.create_database("warehouse")
        migrate(dsn)
        _execute(dsn, _BOOKS, 0)
        for day in range(DATES):
            write_date(dsn, day)
        whole = build_s(dsn, directory)
        more, nothing = [], []
        for run in range(runs):
            write_date(dsn, DATES + run)
            more.append(build_s(dsn, directory))
            nothing.append(build_s(dsn, directory))
    return [
        Row(
            path=PATH,
            subject="one more date",
            unit="s",
            values=tuple(more),
            target=BUILT_TARGET_S,
            note=NOTE,
        ),
        Row(path=PATH, subject="nothing new", unit="s", values=tuple(nothing)),
        Row(path=PATH, subject=f"from nothing, {DATES} dates", unit="s", values=(whole,)),
    ]


def write_date(dsn: str, day: int) -> None:
    """Bars, valuations, profit and loss and risk of one date, as the services leave them."""
    for statement in (_BARS, _LINES, _VALUES, _EARNED, _RISK, _COMPONENTS):
        _execute(dsn, statement, day)
    _execute(dsn, "ANALYZE", day)  # autovacuum would come round to it


def build_s(dsn: str, directory: Path) -> float:
    """Seconds of `dbt build`; CalledProcessError when a model or a test fails."""
    places = {"DBT_TARGET_PATH": str(directory / "target"), "DBT_LOG_PATH": str(directory / "logs")}
    environment = {**os.environ, **environment_of(dsn), **places}
    started = perf_counter()
    subprocess.run(
        dbt_command(["build", "--quiet"], checkout_root()), env=environment, check=True, timeout=1800
    )
    return perf_counter() - started


def _execute(dsn: str, statement: str, day: int) -> None:
    """Every statement of `statement`, for the business date with this ordinal."""
    on = FIRST + timedelta(days=day // 5 * 7 + day % 5)
    values = {
        "portfolios": PORTFOLIOS,
        "positions": POSITIONS,
        "symbols": SYMBOLS,
        "day": day,
        "date": on,
        "close": datetime.combine(on, CLOSE, UTC),
    }
    with psycopg.connect(dsn, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(statement, values if "%(" in statement else None)  # type: ignore[arg-type]
