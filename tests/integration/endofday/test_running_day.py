"""The day that is not over, the reader of REST, and the record of attempts."""

import asyncio
import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from tests.integration.endofday.books import (
    AT,
    DAY,
    FILLS,
    FRIDAY,
    HELD,
    close,
    fill,
    freeze,
    usd_in_eur,
    write,
)

from api_gateway.adapters.pnl import PnlReader
from endofday.adapters.pnl import running_rows
from endofday.adapters.runs import attempts, begin_attempt, record_failure
from endofday.core.facts import Quote
from endofday.core.running import LiveMarket
from endofday.runner import run_steps
from endofday.steps import chosen
from store import tables
from store.database import connect_pool
from testkit.builders import make_position_value, make_valuation

pytestmark = pytest.mark.integration


def test_the_running_day_is_valued_at_the_prices_of_now(database: Any) -> None:
    write(database, tables.Fill, FILLS[:2])
    prices = {symbol: Quote(D(now), "USD", "tick") for symbol, now in (("AIG", "48.90"), ("SPY", "168"))}
    noon = dt.datetime(2013, 10, 7, 17, tzinfo=dt.UTC)
    live = LiveMarket(noon, "EUR", prices, {"USD": D("0.74"), "EUR": D(1)})
    rows = {row["symbol"]: row for row in database.transaction(lambda conn: running_rows(conn, "EU", live))}
    aig, fx0 = rows["AIG"], usd_in_eur(FRIDAY)
    assert abs(aig["price"] - 100 * (D("48.90") - close("AIG", FRIDAY)) * D("0.74")) < D("1e-7")
    assert abs(aig["fx"] - 100 * close("AIG", FRIDAY) * (D("0.74") - fx0)) < D("1e-7")
    assert aig["trading"] == 20 * (D("48.90") - D("49.10")) * D("0.74")
    assert aig["evidence"]["rates"][1] == "live"
    assert rows["SPY"]["closing_price"] == 168
    # Nobody knows a price of now: the stored close of today is from later.
    assert rows["BAC"]["reason"] == "no_price"


def test_a_position_closed_today_keeps_its_profit(database: Any) -> None:
    morning = dt.datetime(2013, 10, 7, 15, tzinfo=dt.UTC)
    write(database, tables.Fill, [fill("out", "SPY", "-50", "168.10", morning)])
    live = LiveMarket(morning, "EUR", {}, {"USD": D("0.74")})
    rows = {row["symbol"]: row for row in database.transaction(lambda conn: running_rows(conn, "EU", live))}
    spy, opening = rows["SPY"], 50 * close("SPY", FRIDAY)
    assert spy["closing_quantity"] == 0
    assert abs(spy["total"] - (50 * D("168.10") * D("0.74") - opening * usd_in_eur(FRIDAY))) < D("1e-7")


async def test_the_reader_of_rest_finds_what_was_frozen(fresh_postgres: str, database: Any) -> None:
    await asyncio.to_thread(freeze, database)
    async with await connect_pool(fresh_postgres) as pool:
        reader = PnlReader(pool)
        assert await reader.last_frozen("EU") == DAY
        record = await reader.record("EU", dt.date(2013, 10, 1), DAY)
        valuation = make_valuation("EU", "15:00", make_position_value("AIG", "100", "49"))
        running = await reader.running(valuation, None)
        assert await reader.running(valuation, FRIDAY) is None
    assert {row.symbol for row in record.rows} == set(HELD)
    assert (record.frozen, record.first_held) == (frozenset([DAY]), AT.date())
    assert running is not None
    assert running.date == DAY
    assert {row.symbol for row in running.rows} == set(HELD)


def test_every_attempt_is_recorded(database: Any) -> None:
    freeze(database)
    freeze(database)

    (failed,) = run_steps(database.dsn, [dt.date(2013, 10, 5)], chosen(["pnl"]))
    assert failed.state == "failed"
    assert "Saturday" in str(failed.message)
    rows = database.run(attempts(database.pool, DAY))
    assert [(one.step, one.attempt, one.state, one.rows_written) for one in rows] == [
        ("pnl", 1, "done", 8),
        ("pnl", 2, "done", 0),
    ]


def test_an_attempt_that_was_killed_can_be_told_as_failed(database: Any) -> None:
    begun = database.run(begin_attempt(database.pool, DAY, "pnl"))
    assert [one.state for one in database.run(attempts(database.pool, DAY))] == ["running"]
    for message in ("timed out", "told again"):
        told = database.run(record_failure(database.pool, DAY, "pnl", message, "run/4"))
        assert (told.attempt, told.state, told.message) == (begun.attempt, "failed", "timed out")
    kept = database.run(database.pool.fetch("SELECT state FROM ops.run ORDER BY revision"))
    assert [row["state"] for row in kept] == ["running", "failed"]


def test_no_failure_of_a_day_hides_behind_another(database: Any) -> None:
    for message, run_id in (
        ("first", "10:00/4"),
        ("second", "10:05/4"),
        ("again", "10:05/4"),
        ("third", None),
    ):
        database.run(record_failure(database.pool, DAY, "intraday.update-bars", message, run_id))
    kept = database.run(attempts(database.pool, DAY))
    assert [(one.attempt, one.state, one.message) for one in kept] == [
        (1, "failed", "first"),
        (2, "failed", "second"),
        (3, "failed", "third"),
    ]
