"""A real trading day through the whole platform, compared with calculations from the files."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from kafka import KafkaProducer
from tests.e2e.real_day import BOOK, DAY, MARKET_DATE, TAKEN_ON, euros_per_dollar, scenario_losses

from testkit.oracles import OracleBar, five_minute_bars, last_prices, money
from testkit.platform import Platform
from testkit.waiting import eventually

pytestmark = pytest.mark.timeout(600)


def bars_of(platform: Platform, symbol: str) -> Iterator[dict[str, Any]]:
    """Every final bar of the day, page after page."""
    cursor: dict[str, str] = {}
    while True:
        page = platform.get(
            f"/instruments/{symbol}/bars",
            **{"from": "2013-10-07T00:00:00Z", "to": "2013-10-08T00:00:00Z", "status": "final", **cursor},
        )
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}


def as_oracle(bar: dict[str, Any]) -> OracleBar:
    prices = {name: Decimal(bar[name]) for name in ("open", "high", "low", "close")}
    vwap = None if bar["vwap"] is None else Decimal(bar["vwap"])
    return OracleBar(**prices, vwap=vwap, volume=int(bar["volume"]), trades=bar["trades"])


def value_at_the_end(platform: Platform) -> dict[str, Any]:
    return eventually(
        lambda: platform.get("/portfolios/EURBOOK/value"), lambda value: value["coverage"]["priced"] == 4
    )


def test_every_bar_equals_the_one_pass_calculation(replayed: Platform) -> None:
    expected = five_minute_bars(DAY)
    found = {
        (symbol, datetime.fromisoformat(bar["window_start"])): bar
        for symbol in BOOK
        for bar in bars_of(replayed, symbol)
    }
    assert {key: as_oracle(bar) for key, bar in found.items()} == expected
    assert {bar["revision"] for bar in found.values()} == {1}


def test_every_tick_is_accounted_for(replayed: Platform, counts_before: dict[str, int]) -> None:
    counts = replayed.ingest_counts(since=counts_before)
    rows = pl.scan_parquet(DAY).select(pl.len()).collect().item()
    assert counts == {"received": rows, "accepted": rows, "duplicate": 0, "rejected": 0}


def test_value_and_pnl_equal_the_calculation_from_the_files(replayed: Platform) -> None:
    price = last_prices(DAY)
    rate, cost_rate = euros_per_dollar(MARKET_DATE), euros_per_dollar(TAKEN_ON)
    market_value = sum(money(q * price[symbol] * rate) for symbol, (q, _) in BOOK.items())
    price_pnl = sum(money((price[symbol] - cost) * q * rate) for symbol, (q, cost) in BOOK.items())
    fx_pnl = sum(money(cost * q * (rate - cost_rate)) for q, cost in BOOK.values())

    value = value_at_the_end(replayed)
    assert value["currency"] == "EUR"
    assert value["as_of"] == "2013-10-07T23:59:59.536Z" or value["as_of"] == "2013-10-07T23:59:59.536000Z"
    assert Decimal(value["market_value"]["amount"]) == market_value
    assert abs(Decimal(value["unrealized_price_pnl"]["amount"]) - price_pnl) <= Decimal("1e-7")
    assert abs(Decimal(value["unrealized_fx_pnl"]["amount"]) - fx_pnl) <= Decimal("1e-7")
    assert abs(Decimal(value["unrealized_pnl"]["amount"]) - price_pnl - fx_pnl) <= Decimal("1e-7")

    positions = replayed.get("/portfolios/EURBOOK/positions")["data"]
    assert sum(Decimal(line["market_value_base"]["amount"]) for line in positions) == market_value
    assert {line["symbol"]: Decimal(line["price"]) for line in positions} == {s: price[s] for s in BOOK}


def test_exposures_add_up(replayed: Platform) -> None:
    exposures = replayed.get("/portfolios/EURBOOK/exposures")
    long, short, gross, net = (
        Decimal(exposures[name]["amount"]) for name in ("long", "short", "gross", "net")
    )
    assert short < 0 < long
    assert gross == long - short
    assert net == long + short == Decimal(value_at_the_end(replayed)["market_value"]["amount"])


def test_risk_equals_the_calculation_from_the_files(replayed: Platform) -> None:
    pnl, days = scenario_losses(last_prices(DAY))
    rank = np.argsort(pnl)[24]  # 25th worst of 500 at 95 %
    var = eventually(
        lambda: replayed.get("/portfolios/EURBOOK/var", confidence="0.95"),
        lambda answer: answer["as_of"] == value_at_the_end(replayed)["as_of"],
    )
    assert (var["k"], var["scenarios"], var["currency"]) == (25, 500, "EUR")
    assert var["scenario_date"] == days[1:][rank].isoformat()
    assert float(var["var"]["amount"]) == pytest.approx(-pnl[rank], rel=1e-9)

    risk = replayed.get("/portfolios/EURBOOK/risk")["measures"]
    values = {
        line["symbol"]: abs(Decimal(line["market_value_base"]["amount"]))
        for line in replayed.get("/portfolios/EURBOOK/positions")["data"]
    }
    assert risk["concentration"]["value"] == pytest.approx(
        float(100 * max(values.values()) / sum(values.values()))
    )
    assert risk["volatility_20d"]["value"] > 0
    assert 0 < risk["max_drawdown"]["value"] < 1


def test_a_change_of_var_is_explained_to_the_last_part(replayed: Platform) -> None:
    """Nothing was traded that day, and the window is the same: the market alone moved the number."""
    answer = replayed.get(
        "/portfolios/EURBOOK/var/explain", **{"from": "2013-10-07T15:00:00Z", "confidence": "0.95"}
    )
    assert answer["from_as_of"] == "2013-10-07T15:00:00Z"
    parts = {part["component"]: part["amount"] for part in answer["parts"]}
    assert sum(parts.values()) + answer["remainder"] == pytest.approx(answer["change"])
    assert answer["change"] == pytest.approx(answer["var_after"] - answer["var_before"])
    assert parts["market"] != 0
    assert (parts["positions"], parts["window"]) == (0, 0)
    now = replayed.get("/portfolios/EURBOOK/var", confidence="0.95")
    assert float(now["var"]["amount"]) == pytest.approx(answer["var_after"])


def test_a_late_tick_restates_its_bar_and_the_value(replayed: Platform) -> None:
    client = replayed.client
    history = {"metric": "market_value", "from": "2013-10-07T15:00:00Z", "to": "2013-10-07T15:10:00Z"}
    before = {one["as_of"]: one for one in replayed.get("/portfolios/EURBOOK/history", **history)["data"]}
    window = datetime(2013, 10, 7, 15, 0, tzinfo=UTC)
    late = {
        "symbol": "IBM",
        "ts_event": (window + timedelta(minutes=4, seconds=59.999)).isoformat(),
        "price": "199.99",
        "currency": "USD",
        "exchange": "NYSE",
        "volume": 100,
        "source": "late-print",
        "seq": 1,
    }
    producer = KafkaProducer(bootstrap_servers=client["kafka"])
    producer.send("marketdata.ticks.raw.v1", key=b"IBM", value=json.dumps(late).encode()).get(timeout=10)
    producer.close()

    def bar() -> dict[str, Any]:
        replayed.run("bars", "run")
        return next(
            b for b in bars_of(replayed, "IBM") if datetime.fromisoformat(b["window_start"]) == window
        )

    revised = eventually(bar, lambda found: found["revision"] == 2, within_s=60)
    assert Decimal(revised["close"]) == Decimal(revised["high"]) == Decimal("199.99")
    assert revised["trades"] == five_minute_bars(DAY)["IBM", window].trades + 1

    end = "2013-10-07T15:05:00Z"
    restated = eventually(
        lambda: {one["as_of"]: one for one in replayed.get("/portfolios/EURBOOK/history", **history)["data"]},
        lambda found: found[end]["revision"] == 2,
    )
    rate = euros_per_dollar(MARKET_DATE)
    old = five_minute_bars(DAY)["IBM", window].close
    moved = money(BOOK["IBM"][0] * Decimal("199.99") * rate) - money(BOOK["IBM"][0] * old * rate)
    assert Decimal(restated[end]["value"]) - Decimal(before[end]["value"]) == moved
    # The live value keeps the newest price: a late tick is never newer.
    live = {
        line["symbol"]: Decimal(line["price"])
        for line in replayed.get("/portfolios/EURBOOK/positions")["data"]
    }
    assert live == last_prices(DAY)
