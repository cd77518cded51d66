"""A day of a risk desk through the whole platform: books, trades, VaR, stress, limits, end of day."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import polars as pl
import pytest
from kafka import KafkaProducer

from testkit.platform import Platform
from testkit.waiting import eventually

PRICES_DAILY = Path(__file__).resolve().parents[2] / "data" / "demo" / "prices.parquet"
# After every replayed day of the other modules: an older tick never replaces a newer price.
NOW = datetime(2013, 10, 8, 14, 30, tzinfo=UTC)
HELD_SINCE, BUSINESS_DATE, CLOSE_BEFORE = date(2013, 9, 16), date(2013, 9, 19), date(2013, 9, 18)
PRICES = {"AIG": "48.50", "BAC": "13.75", "IBM": "178.72", "SPY": "165.48"}
BOOKS: dict[str, dict[str, int]] = {
    "DESK-LONG": {"IBM": 100, "SPY": 300},
    "DESK-HEDGE": {"SPY": -250, "BAC": 2000},
}
PARENT = "DESK"
METHODS = (
    "historical",
    "age_weighted",
    "volatility_scaled",
    "filtered",
    "parametric",
    "parametric_ewma",
    "cornish_fisher",
    "overlapping",
)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def desk(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Two books below one parent, and one price of each name."""
    folder = tmp_path_factory.mktemp("desk")
    lines = [f"{PARENT},The whole desk,USD,", *(f"{name},{name},USD,{PARENT}" for name in BOOKS)]
    (folder / "portfolios.csv").write_text("\n".join(["portfolio_id,name,base_currency,parent_id", *lines]))
    positions = [
        f"{name},{symbol},{quantity},{PRICES[symbol]},USD,{HELD_SINCE}"
        for name, book in BOOKS.items()
        for symbol, quantity in book.items()
    ]
    header = "portfolio_id,symbol,quantity,average_cost,currency,as_of"
    (folder / "positions.csv").write_text("\n".join([header, *positions]))
    platform.run("load", "portfolios", str(folder / "portfolios.csv"))
    platform.run("load", "positions", str(folder / "positions.csv"))
    producer = KafkaProducer(bootstrap_servers=platform.client["kafka"])
    for number, (symbol, price) in enumerate(PRICES.items()):
        tick = {
            "symbol": symbol,
            "ts_event": NOW.isoformat(),
            "price": price,
            "currency": "USD",
            "exchange": "NYSE",
            "volume": 100,
            "source": "desk",
            "seq": number,
        }
        producer.send("marketdata.ticks.raw.v1", key=symbol.encode(), value=json.dumps(tick).encode())
    producer.flush(10)
    producer.close()
    eventually(lambda: value_of(platform, PARENT), lambda value: value == market_value(merged()))
    for name in (*BOOKS, PARENT):
        settled_var(platform, name)
    return platform


def merged() -> dict[str, int]:
    """The positions of both books, netted."""
    held: dict[str, int] = {}
    for book in BOOKS.values():
        for symbol, quantity in book.items():
            held[symbol] = held.get(symbol, 0) + quantity
    return held


def market_value(book: dict[str, int]) -> Decimal:
    return sum((quantity * Decimal(PRICES[symbol]) for symbol, quantity in book.items()), Decimal(0))


def value_of(platform: Platform, portfolio_id: str) -> Decimal | None:
    answer = platform.http.get(f"/v1/portfolios/{portfolio_id}/value").json()
    amount = answer.get("market_value")
    return None if amount is None else Decimal(amount["amount"])


def send(platform: Platform, method: str, path: str, body: Any, **headers: str) -> httpx.Response:
    return platform.http.request(method, "/v1" + path, json=body, headers=headers)


def asked(platform: Platform, method: str, path: str, body: Any, **headers: str) -> Any:
    answer = send(platform, method, path, body, **headers)
    assert answer.is_success, answer.text
    return answer.json()


def settled_var(platform: Platform, portfolio_id: str) -> Any:
    """VaR of the value that is shown: risk has taken in whatever changed, and what was before it."""

    def both() -> tuple[Any, Any]:
        value = platform.get(f"/portfolios/{portfolio_id}/value")
        return platform.get(f"/portfolios/{portfolio_id}/var"), value["valuation_id"]

    return eventually(both, lambda found: found[0]["valuation_id"] == found[1])[0]


def test_a_parent_is_the_merged_book_and_its_var_is_not_a_sum(desk: Platform):
    """SPY is long in one book and short in the other: the parent holds the 50 that are left."""
    held = {
        line["symbol"]: Decimal(line["quantity"])
        for line in desk.get(f"/portfolios/{PARENT}/positions")["data"]
    }
    assert held == {symbol: Decimal(quantity) for symbol, quantity in merged().items()}

    scenarios = {name: desk.get(f"/portfolios/{name}/scenarios")["scenarios"] for name in (*BOOKS, PARENT)}
    profits = {name: np.array([one["pnl"] for one in found]) for name, found in scenarios.items()}
    assert len(profits[PARENT]) == 500
    np.testing.assert_allclose(profits[PARENT], profits["DESK-LONG"] + profits["DESK-HEDGE"], atol=1e-6)
    var = {name: float(settled_var(desk, name)["var"]["amount"]) for name in profits}
    for name, profit in profits.items():
        assert var[name] == pytest.approx(-np.sort(profit)[24], abs=1e-6)
    assert var[PARENT] < var["DESK-LONG"] + var["DESK-HEDGE"]


def test_every_method_answers_and_names_what_it_did(desk: Platform):
    for method in METHODS:
        answer = desk.get(f"/portfolios/{PARENT}/var", method=method, confidence="0.985", lookback="400")
        assert answer["method"] == method
        assert float(answer["var"]["amount"]) > 0, answer
        assert answer["estimator"]
        if answer["es"] is not None:
            assert float(answer["es"]["amount"]) >= float(answer["var"]["amount"])


def test_components_add_up_to_the_whole(desk: Platform):
    for measure in ("var", "es"):
        answer = desk.get(f"/portfolios/{PARENT}/components", measure=measure)
        parts = [Decimal(one["component"]) for one in answer["components"]]
        assert len(parts) == 3
        assert sum(parts) == Decimal(answer["total"])


def test_a_price_shock_moves_a_linear_book_by_its_share(desk: Platform):
    answer = asked(
        desk, "POST", f"/portfolios/{PARENT}/stress", {"shocks": [{"selector": "all", "size": -0.1}]}
    )
    (outcome,) = answer["stresses"]
    assert outcome["pnl"] == pytest.approx(-0.1 * float(market_value(merged())))
    named = desk.get(f"/portfolios/{PARENT}/stress")["stresses"]
    served = [one for one in named if one["pnl"] is not None]
    assert served, named
    for one in served:
        assert sum(line["pnl"] for line in one["lines"]) == pytest.approx(one["pnl"])


def test_a_backtest_counts_its_exceptions(desk: Platform):
    answer = desk.get(f"/portfolios/{PARENT}/backtest", confidence="0.99", days="250")["hypothetical"]
    assert answer["days"] == 250
    assert answer["exceptions"] == sum(day["pnl"] < -day["var"] for day in answer["series"])
    assert answer["zone"] == (
        "green" if answer["exceptions"] < 5 else "yellow" if answer["exceptions"] < 10 else "red"
    )


def test_a_supposed_trade_predicts_the_booked_one(desk: Platform):
    """What-if, then book it: value, positions and VaR are those foretold; booking twice changes nothing."""
    supposed = asked(
        desk,
        "POST",
        "/what-if",
        {"portfolio_id": "DESK-LONG", "trades": [{"symbol": "IBM", "quantity": "-40"}]},
    )
    assert supposed["complete"]
    foretold = next(
        one["after"]
        for one in supposed["measures"]
        if one["measure"] == "historical_var" and one["parameters"]["confidence_bp"] == "9500"
    )
    key = str(uuid4())
    trade = {
        "symbol": "IBM",
        "quantity": "-40",
        "price": "180.00",
        "currency": "USD",
        "executed_at": NOW.isoformat(),
        "fee": "1.50",
    }
    path = "/portfolios/DESK-LONG/trades"
    first = send(desk, "POST", path, trade, **{"Idempotency-Key": key})
    again = send(desk, "POST", path, trade, **{"Idempotency-Key": key})
    assert (first.status_code, again.status_code) == (201, 200), first.text + again.text
    assert first.json() == again.json()

    wanted = market_value({"IBM": 60, "SPY": 300})
    assert Decimal(supposed["market_value"]["after"]) == wanted
    eventually(lambda: value_of(desk, "DESK-LONG"), lambda value: value == wanted)
    held = {one["symbol"]: one for one in desk.get("/portfolios/DESK-LONG/positions")["data"]}
    assert Decimal(held["IBM"]["quantity"]) == 60
    assert Decimal(held["IBM"]["average_cost"]) == Decimal(PRICES["IBM"])
    realized = desk.get("/portfolios/DESK-LONG/value")["realized_pnl"]["amount"]
    assert Decimal(realized) == 40 * (Decimal("180.00") - Decimal(PRICES["IBM"])) - Decimal("1.50")
    after = settled_var(desk, "DESK-LONG")
    assert float(after["var"]["amount"]) == pytest.approx(foretold)


def test_a_limit_breaches_once_is_acknowledged_and_can_be_cured(desk: Platform):
    limit = {
        "portfolio_id": "DESK-HEDGE",
        "scope": "portfolio",
        "measure": "concentration",
        "warning_level": 50,
        "hard_level": 55,
    }
    asked(desk, "PUT", "/limits/hedge-largest", limit)

    def status() -> Any:
        limits = desk.get("/portfolios/DESK-HEDGE/limits")["limits"]
        return next((one for one in limits if one["limit_id"] == "hedge-largest"), None)

    breached = eventually(status, lambda got: got is not None and got["state"] == "BREACH")
    share = (
        250 * Decimal(PRICES["SPY"]) / (250 * Decimal(PRICES["SPY"]) + 2000 * Decimal(PRICES["BAC"])) * 100
    )
    assert breached["value"] == pytest.approx(float(share))
    events = [one for one in desk.get("/limits/events")["data"] if one["limit_id"] == "hedge-largest"]
    assert [one["state"] for one in events] == ["BREACH"]

    action = {
        "action": "acknowledge",
        "by": "a.manager",
        "note": "seen",
        "breach_id": breached["breach"]["breach_id"],
    }
    asked(desk, "POST", "/limits/hedge-largest/actions", action)
    eventually(status, lambda got: got["breach"]["acknowledged_by"] == "a.manager")

    cure = desk.get("/limits/hedge-largest/cure")
    assert cure["needed"]
    assert cure["value_after"] < 55
    trade = {
        "symbol": cure["symbol"],
        "quantity": cure["quantity"],
        "price": PRICES[cure["symbol"]],
        "currency": "USD",
        "executed_at": NOW.isoformat(),
    }
    asked(desk, "POST", "/portfolios/DESK-HEDGE/trades", trade, **{"Idempotency-Key": str(uuid4())})
    cured = eventually(status, lambda got: got["state"] != "BREACH")
    assert cured["value"] == pytest.approx(cure["value_after"])


@pytest.fixture(scope="module")
def closes() -> dict[tuple[str, date], Decimal]:
    """Daily closes from the file that `up` loaded."""
    frame = pl.read_parquet(PRICES_DAILY).filter(pl.col("date").is_in([CLOSE_BEFORE, BUSINESS_DATE]))
    rows: Iterator[dict[str, Any]] = frame.iter_rows(named=True)
    return {(row["symbol"], row["date"]): Decimal(str(row["close"])) for row in rows}


def test_the_end_of_day_freezes_profit_that_a_challenger_confirms(
    desk: Platform, closes: dict[tuple[str, date], Decimal]
):
    steps = desk.run_json("eod", "--date", BUSINESS_DATE.isoformat(), "--step", "pnl", "--step", "challenger")
    assert [(one["step"], one["state"]) for one in steps] == [("pnl", "done"), ("challenger", "done")]
    answer = desk.get("/portfolios/DESK-HEDGE/pnl", period="day", date=BUSINESS_DATE.isoformat())
    expected = sum(
        quantity * (closes[symbol, BUSINESS_DATE] - closes[symbol, CLOSE_BEFORE])
        for symbol, quantity in BOOKS["DESK-HEDGE"].items()
    )
    parts = {name: Decimal(amount["amount"]) for name, amount in answer["parts"].items()}
    assert parts["total"] == expected
    assert parts["price"] + parts["fx"] + parts["trading"] + parts["income"] - parts["fees"] == parts["total"]
