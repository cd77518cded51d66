"""Answers about the past: stored revisions by market time and by our time, and what a value is made of."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pytest

from api_gateway.adapters.repository import Repository
from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contracts import PositionValue, Valuation
from store import tables
from store.bulk import insert_rows
from store.database import connect_pool
from testkit.builders import (
    DAY,
    make_instrument,
    make_portfolio,
    make_position_value,
    make_valuation,
    moment,
)
from valuation.adapters import rows

pytestmark = pytest.mark.integration

KEY = "integration-test-key-0123456789"
FIRST, SECOND = moment("14:05"), moment("14:10")
EARLY, LATE = moment("14:12"), moment("16:00")
"""When the values became known: the first ones, and the correction of the first."""
RATES = {"USD": Decimal(1), "EUR": Decimal("1.25")}
BAR = "bar:IBM:2013-10-07T14:00:00Z:{}"
FIXING = "fx:EURUSD:2013-10-07T00:00:00Z:1"


def line(symbol: str, price: str, price_id: str, fx: str = "1", fx_id: str = "same") -> PositionValue:
    return make_position_value(symbol, "100", price, fx, price_id=price_id, fx_id=fx_id)


def official(at: str, revision: int, known: datetime, *lines: PositionValue) -> Valuation:
    return make_valuation(
        "P",
        at,
        *lines,
        basis="bar",
        revision=revision,
        recorded_at=known,
        valuation_id=f"P:bar:{at}:{revision}",
        fx_rates=RATES,
    )


VALUES = (
    official("14:05", 1, EARLY, line("IBM", "180", BAR.format(1)), line("WM", "40", "bar:WM:x:1")),
    official("14:10", 1, EARLY, line("IBM", "182", "taq/IBM/7")),
    # The correction moves the close of IBM and takes WM out of the book.
    official(
        "14:05",
        2,
        LATE,
        line("IBM", "181", BAR.format(2)),
        line("SAP", "50", "taq/SAP/1", "1.25", FIXING),
    ),
)
PARAMETERS = "confidence_bp={},horizon_days=1,method=historical,window=500"


async def store_everything(dsn: str) -> None:
    pool = await connect_pool(dsn)
    async with pool.acquire() as conn:
        await insert_rows(conn, tables.PortfolioValuation, [rows.portfolio_row(one) for one in VALUES])
        lines = [row for one in VALUES for row in rows.position_rows(one)]
        await insert_rows(conn, tables.PositionValuation, lines)
        metrics = [
            metric(9500, 1, "100.5", EARLY),
            metric(9900, 1, "150", EARLY),
            metric(9500, 2, "101", LATE),
        ]
        await insert_rows(conn, tables.RiskMetric, metrics)
        await insert_rows(conn, tables.PriceBar, [bar(1, "180", EARLY), bar(2, "181", LATE)])
        await insert_rows(conn, tables.FxRate, [fixing()])
        await insert_rows(conn, tables.Position, [position()])
        await insert_rows(conn, tables.Fill, [fill("before", "13:00"), fill("since", "14:02")])
        await insert_rows(conn, tables.Restatement, [restatement()])
    await pool.close()


def metric(confidence_bp: int, revision: int, value: str, known: datetime) -> dict[str, Any]:
    return {
        "portfolio_id": "P",
        "as_of": FIRST,
        "basis": "bar",
        "measure": "historical_var",
        "parameters": PARAMETERS.format(confidence_bp),
        "valuation_id": f"P:bar:14:05:{revision}",
        "value": float(value),
        "unit": "USD",
        "details": {"expected_shortfall": "200.25", "k": "25"},
        "definition": 1,
        "revision": revision,
        "recorded_at": known,
        "evidence": {"history_version": "daily"},
    }


def bar(revision: int, close: str, known: datetime) -> dict[str, Any]:
    start, price = moment("14:00"), Decimal(close)
    return {
        "symbol": "IBM",
        "window_start": start,
        "window_end": start + timedelta(minutes=5),
        "trade_date": start.date(),
        **dict.fromkeys(("open", "high", "low", "close"), price),
        "volume": 10,
        "trades": 3,
        "currency": "USD",
        "status": "final",
        "first_tick_id": "taq/IBM/1",
        "last_tick_id": f"taq/IBM/{2 + revision}",
        "as_of": moment("14:04"),
        "revision": revision,
        "recorded_at": known,
        "evidence": {"ticks": {"count": 3, "partition": 2, "last_offset": 41 + revision}, "rates": None},
    }


def fixing() -> dict[str, Any]:
    return {"pair": "EURUSD", "as_of": DAY, "rate": Decimal("1.25"), "revision": 1, "recorded_at": DAY}


def position() -> dict[str, Any]:
    return {
        "portfolio_id": "P",
        "symbol": "IBM",
        "as_of": moment("13:30"),
        "quantity": Decimal(90),
        "average_cost": Decimal(170),
        "currency": "USD",
        "revision": 1,
        "recorded_at": DAY,
    }


def fill(name: str, at: str) -> dict[str, Any]:
    return {
        "fill_id": name,
        "portfolio_id": "P",
        "symbol": "IBM",
        "executed_at": moment(at),
        "seq": 0,
        "quantity": Decimal(10),
        "price": Decimal(179),
        "currency": "USD",
        "fee": Decimal(0),
        "revision": 1,
        "recorded_at": DAY,
    }


def restatement() -> dict[str, Any]:
    return {
        "relation": "portfolio_valuation",
        "row_key": "P|2013-10-07T14:05:00Z|bar",
        "was": {"revision": 1, "market_value": "22000"},
        "became": {"revision": 2, "market_value": "24350"},
        "cause": "bar",
        "revision": 2,
        "recorded_at": LATE,
        "evidence": {"rows": [BAR.format(2)]},
    }


@pytest.fixture(scope="module")
def stored(postgres: str) -> str:
    asyncio.run(store_everything(postgres))
    return postgres


@pytest.fixture
async def client(stored: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The application in process over a real database, with one live value in memory."""
    (tmp_path / "key").write_text(KEY)
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    view.put_instrument(make_instrument("IBM"))
    view.put_valuation(make_valuation("P", "15:00", make_position_value("IBM", "100", "199")))
    pool: asyncpg.Pool = await connect_pool(stored)
    gateway = Gateway(view, Health(), FixedClock(), Repository(pool), nothing, nothing, nothing, nothing)
    app = protected(gateway, Security(KeyFile(tmp_path / "key")), 1000)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway/v1") as found:
        found.headers["X-API-Key"] = KEY
        yield found
    await pool.close()


async def ask(client: httpx.AsyncClient, path: str, **parameters: str | datetime) -> Any:
    query = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in parameters.items()
    }
    return (await client.get(path, params=query)).json()


@pytest.mark.parametrize(
    ("asked", "as_of", "revision", "amount"),
    [
        ({"as_of": moment("14:07")}, FIRST, 2, "24350"),
        ({"as_of": moment("14:07"), "known_at": EARLY}, FIRST, 1, "22000"),
        ({"as_of": SECOND}, SECOND, 1, "18200"),
        ({"known_at": LATE}, SECOND, 1, "18200"),
        ({}, moment("15:00"), 0, "19900"),
    ],
)
async def test_a_value_by_market_time_and_by_our_time(
    client: httpx.AsyncClient, asked: dict[str, datetime], as_of: datetime, revision: int, amount: str
) -> None:
    value = await ask(client, "/portfolios/P/value", **asked)
    assert datetime.fromisoformat(value["as_of"]) == as_of
    assert (value["revision"], Decimal(value["market_value"]["amount"])) == (revision, Decimal(amount))
    lines = (await ask(client, "/portfolios/P/positions", **asked))["data"]
    assert sum(Decimal(one["market_value_base"]["amount"]) for one in lines) == Decimal(amount)
    gross = (await ask(client, "/portfolios/P/exposures", **asked))["gross"]["amount"]
    assert Decimal(gross) == Decimal(amount)


async def test_a_restated_book_has_the_lines_of_its_own_revision(client: httpx.AsyncClient) -> None:
    lines = (await ask(client, "/portfolios/P/positions", as_of=FIRST))["data"]
    assert [one["symbol"] for one in lines] == ["IBM", "SAP"]


async def test_the_past_is_told_in_another_currency_at_its_own_rates(client: httpx.AsyncClient) -> None:
    value = await ask(client, "/portfolios/P/value", as_of=SECOND, currency="EUR")
    assert Decimal(value["market_value"]["amount"]) == Decimal(14560)
    history = await ask(client, "/portfolios/P/history", currency="EUR")
    assert (history["unit"], [Decimal(one["value"]) for one in history["data"]]) == ("EUR", [19480, 14560])
    var = await ask(client, "/portfolios/P/history", metric="historical_var", currency="EUR")
    assert [one["value"] for one in var["data"]] == [pytest.approx(80.8)]


async def test_what_is_not_stored_is_refused(client: httpx.AsyncClient) -> None:
    before = await ask(client, "/portfolios/P/value", as_of=moment("13:00"))
    assert (before["status"], before["type"]) == (404, "urn:tapeline:nothing-stored")
    for noun in ("risk", "var"):
        assert (await ask(client, f"/portfolios/P/{noun}", known_at=moment("13:00")))["status"] == 404
    live = await ask(client, "/portfolios/P/value", as_of=LATE, basis="last")
    assert (live["status"], live["errors"][0]["pointer"]) == (422, "query.basis")
    far = await ask(client, "/portfolios/P/value", as_of="0001-01-01T00:00:00Z")
    assert far["status"] == 422
    computed = await ask(client, "/portfolios/P/var", as_of=LATE, method="monte_carlo_normal")
    assert computed["status"] == 422


@pytest.mark.parametrize(("known", "amount"), [(EARLY, "100.5"), (LATE, "101")])
async def test_risk_as_it_was_known(client: httpx.AsyncClient, known: datetime, amount: str) -> None:
    asked = {"as_of": moment("15:00"), "known_at": known}
    var = await ask(client, "/portfolios/P/var", **asked)
    assert (var["var"], var["basis"]) == ({"amount": amount, "currency": "USD"}, "bar")
    risk = await ask(client, "/portfolios/P/risk", **asked)
    assert [one["value"] for one in risk["measures"]["historical_var"]["variants"]] == [float(amount), 150.0]
    euro = await ask(client, "/portfolios/P/var", currency="EUR", **asked)
    assert euro["es"] == {"amount": "160.2", "currency": "EUR"}
    missing = await ask(client, "/portfolios/P/var", confidence="0.975", **asked)
    assert (missing["status"], missing["available"]) == (422, ["0.95", "0.99"])


async def test_bars_and_history_as_they_were_known(client: httpx.AsyncClient) -> None:
    bars = "/instruments/IBM/bars"
    assert [one["close"] for one in (await ask(client, bars))["data"]] == ["181"]
    known = {"known_at": EARLY}
    assert [one["close"] for one in (await ask(client, bars, **known))["data"]] == ["180"]
    since = {"from": moment("13:00"), "as_of": moment("14:05")}
    every = (await ask(client, bars, revisions="all", **since))["data"]
    assert [one["revision"] for one in every] == [1, 2]
    assert (await ask(client, bars, as_of=moment("14:04")))["data"] == []
    history = await ask(client, "/portfolios/P/history", **known)
    assert [one["value"] for one in history["data"]] == ["22000", "18200"]


async def test_a_value_is_traced_to_its_ticks(client: httpx.AsyncClient) -> None:
    found = await ask(client, "/portfolios/P/value/evidence", as_of=FIRST)
    ibm, sap = found["lines"]
    (price,) = ibm["price_sources"]
    assert (price["kind"], price["value"], price["revision"]) == ("bar", "181", 2)
    assert price["tick_id"] == "taq/IBM/4"
    assert price["ticks"] == {
        "topic": "marketdata.ticks.v1",
        "partition": 2,
        "last_offset": 43,
        "count": 3,
    }
    assert [one["kind"] for one in ibm["fx_sources"]] == ["same"]
    (fixing,) = sap["fx_sources"]
    assert (fixing["kind"], fixing["symbol"], fixing["value"]) == ("fixing", "EURUSD", "1.25")
    assert (sap["price_sources"][0]["kind"], sap["price_sources"][0]["tick_id"]) == ("tick", "taq/SAP/1")
    # Loaded at 13:30, so the fill at 13:00 is part of it already.
    held = Decimal(ibm["positions"][0]["quantity"]) + sum(Decimal(one["quantity"]) for one in ibm["fills"])
    assert held == Decimal(ibm["quantity"])
    worth = [
        Decimal(one["quantity"]) * Decimal(one["price_sources"][0]["value"]) * Decimal(one["fx_rate"])
        for one in found["lines"]
    ]
    assert sum(worth) == Decimal(found["market_value"]["amount"])
    (correction,) = found["restatements"]
    assert (correction["was"]["market_value"], correction["rows"]) == ("22000", [BAR.format(2)])


async def test_evidence_of_a_live_value_names_the_ticks(client: httpx.AsyncClient) -> None:
    found = await ask(client, "/portfolios/P/value/evidence")
    assert (found["basis"], found["restatements"]) == ("last", [])
    earlier = await ask(client, "/portfolios/P/value/evidence", as_of=FIRST, known_at=EARLY)
    assert earlier["lines"][0]["price_sources"][0]["value"] == "180"
    assert earlier["restatements"] == []
