"""The end of the real day: schema gold equals calculations from the files, and follows a late correction."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from kafka import KafkaProducer
from tests.e2e.real_day import (
    BOOK,
    DAY,
    MARKET_DATE,
    TAKEN_ON,
    daily_closes,
    euros_per_dollar,
    scenario_losses,
)

from testkit.oracles import OracleBar, five_minute_bars, money
from testkit.platform import Platform

SESSION_END = datetime(2013, 10, 7, 20, tzinfo=UTC)
RATES_CLOSE = datetime(2013, 10, 7, 21, tzinfo=UTC)
CORRECTED = ("wait", "closes", "revalue", "pnl", "risk", "warehouse")
Query = Callable[[str], list[tuple[Any, ...]]]

pytestmark = pytest.mark.timeout(1200)  # the first to want the day closed waits for all of it


@pytest.fixture(scope="module")
def gold(closed: Platform) -> Query:
    def query(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(closed.client["postgres"]) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    return query


def closing_prices() -> dict[str, Decimal]:
    """The close of the last window of the session, from the tick file alone."""
    bars = sorted(five_minute_bars(DAY).items(), key=lambda one: one[0][1])
    return {symbol: bar.close for (symbol, start), bar in bars if start < SESSION_END}


def worth(prices: dict[str, Decimal]) -> dict[str, Decimal]:
    rate = euros_per_dollar(MARKET_DATE)
    return {symbol: money(quantity * prices[symbol] * rate) for symbol, (quantity, _) in BOOK.items()}


def earned(symbol: str, price: Decimal) -> tuple[Decimal, Decimal]:
    """The price and the FX part of the day in one name: nothing was traded and nothing paid."""
    quantity, _ = BOOK[symbol]
    before = Decimal(str(daily_closes(symbol)[TAKEN_ON]))
    first, last = euros_per_dollar(TAKEN_ON), euros_per_dollar(MARKET_DATE)
    return money(quantity * (price - before) * last), money(quantity * before * (last - first))


def test_bars(gold: Query) -> None:
    rows = gold(
        "SELECT symbol, window_start, open, high, low, close, vwap, volume, trades, revision"
        " FROM gold.fact_price_bars WHERE date = '2013-10-07' AND symbol IN ('AIG', 'BAC', 'IBM', 'SPY')"
    )
    found = {
        (symbol, start.astimezone(UTC)): (OracleBar(*bar), revision) for symbol, start, *bar, revision in rows
    }
    # An earlier test may have sent a late tick: that one bar then has a second revision.
    first = {key: bar for key, (bar, revision) in found.items() if revision == 1}
    assert len(found) - len(first) <= 1
    assert first == {key: bar for key, bar in five_minute_bars(DAY).items() if key in first}
    assert set(found) == set(five_minute_bars(DAY))


def test_closing_value_and_positions(gold: Query) -> None:
    values = worth(closing_prices())
    rows = gold(
        "SELECT symbol, side, quantity, price, market_value_base, as_of FROM gold.fact_positions"
        " WHERE portfolio_id = 'EURBOOK' AND date = '2013-10-07'"
    )
    assert {symbol: (side, q, price, value) for symbol, side, q, price, value, _ in rows} == {
        symbol: ("long" if q > 0 else "short", q, closing_prices()[symbol], values[symbol])
        for symbol, (q, _) in BOOK.items()
    }
    assert {row[-1].astimezone(UTC) for row in rows} == {RATES_CLOSE}
    ((value, gross, net),) = gold(
        "SELECT market_value, gross_exposure, net_exposure FROM gold.fact_portfolio_valuation"
        " WHERE portfolio_id = 'EURBOOK' AND date = '2013-10-07' AND is_closing"
    )
    assert (value, gross, net) == (sum(values.values()), sum(map(abs, values.values())), sum(values.values()))


def test_profit_and_loss(gold: Query) -> None:
    rows = gold(
        "SELECT symbol, price, fx, trading, fees FROM gold.fact_pnl_daily"
        " WHERE portfolio_id = 'EURBOOK' AND date = '2013-10-07'"
    )
    closes = closing_prices()
    assert {symbol: (price, fx) for symbol, price, fx, *_ in rows} == {
        symbol: earned(symbol, closes[symbol]) for symbol in BOOK
    }
    assert {(trading, fees) for *_, trading, fees in rows} == {(0, 0)}
    ((total,),) = gold("SELECT total FROM gold.mart_portfolio_pnl WHERE portfolio_id = 'EURBOOK'")
    assert total == sum(sum(earned(symbol, closes[symbol])) for symbol in BOOK)


def test_value_at_risk(gold: Query) -> None:
    pnl, days = scenario_losses(closing_prices())
    ((value, shortfall, rank, scenario_date, scenarios),) = gold(
        "SELECT var.value, tail.value, var.tail_rank, var.scenario_date, var.scenarios"
        " FROM gold.fact_risk_metrics AS var JOIN gold.fact_risk_metrics AS tail"
        " USING (portfolio_id, as_of, basis, parameters)"
        " WHERE portfolio_id = 'EURBOOK' AND as_of = '2013-10-07 21:00+00' AND basis = 'bar'"
        " AND var.measure = 'historical_var' AND tail.measure = 'expected_shortfall'"
        " AND parameters LIKE '%confidence_bp=9500%'"
    )
    worst = np.sort(pnl)[:25]
    assert value == pytest.approx(-worst[-1], rel=1e-9)
    assert shortfall == pytest.approx(-worst.mean(), rel=1e-9)
    assert (rank, scenarios) == (25, 500)
    assert scenario_date == days[1:][int(np.argsort(pnl)[24])]


def test_a_tick_after_the_close_changes_gold_and_the_old_rows_stay_known(
    closed: Platform, gold: Query, tmp_path: Path
) -> None:
    """A print that came late was the last of the session: close, value, profit and risk follow it.

    The next report of the date lists the line that changed; the one of what was known before does not.
    """
    ((known_at,),) = gold("SELECT now()")
    late = {
        "symbol": "SPY",
        "ts_event": "2013-10-07T19:59:59.999999Z",
        "price": "170.00",
        "currency": "USD",
        "exchange": "ARCA",
        "volume": 100,
        "source": "late-print",
        "seq": 2,
    }
    producer = KafkaProducer(bootstrap_servers=closed.client["kafka"])
    producer.send("marketdata.ticks.raw.v1", key=b"SPY", value=json.dumps(late).encode()).get(timeout=10)
    producer.close()
    closed.run("eod", "--date", MARKET_DATE.isoformat(), *(f"--step={name}" for name in CORRECTED))

    closes = closing_prices() | {"SPY": Decimal(170)}
    values, before = worth(closes), worth(closing_prices())
    closing = "portfolio_id = 'EURBOOK' AND date = '2013-10-07'"
    assert gold(f"SELECT market_value FROM gold.fact_portfolio_valuation WHERE {closing} AND is_closing") == [
        (sum(values.values()),)
    ]
    assert gold(f"SELECT price, revision FROM gold.fact_pnl_daily WHERE {closing} AND symbol = 'SPY'") == [
        (earned("SPY", closes["SPY"])[0], 2)
    ]
    pnl, _ = scenario_losses(closes)
    ((value,),) = gold(
        f"SELECT value FROM gold.fact_risk_metrics WHERE {closing} AND as_of = '2013-10-07 21:00+00'"
        " AND basis = 'bar' AND measure = 'historical_var' AND parameters LIKE '%confidence_bp=9500%'"
    )
    assert value == pytest.approx(-np.sort(pnl)[24], rel=1e-9)

    was, became = (sum(earned("SPY", prices["SPY"])) for prices in (closing_prices(), closes))
    assert restated(closed, tmp_path / "after") == {"SPY": (was, became, 2)}
    assert restated(closed, tmp_path / "before", "--known-at", known_at.isoformat()) == {}

    known = f"recorded_at <= '{known_at}' AND superseded_at > '{known_at}'"
    assert gold(
        "SELECT market_value FROM gold.fact_portfolio_valuation_history"
        f" WHERE portfolio_id = 'EURBOOK' AND as_of = '{RATES_CLOSE}' AND {known}"
    ) == [(sum(before.values()),)]
    assert gold(f"SELECT price FROM gold.fact_pnl_daily_history WHERE {closing} AND {known}") == [
        (earned("SPY", closing_prices()["SPY"])[0],)
    ]


def restated(platform: Platform, folder: Path, *options: str) -> dict[str, tuple[Decimal, Decimal, int]]:
    """What a new report of the date lists as restated of the book: was, became and revision by symbol."""
    made = ("report", "daily-pnl", "--date", str(MARKET_DATE), "--format", "json", "--out", str(folder))
    platform.run(*made, *options)
    told = json.loads((folder / f"daily-pnl-{MARKET_DATE}.json").read_text())
    return {
        one["symbol"]: (Decimal(one["was"]), Decimal(one["became"]), one["revision"])
        for one in told["restatements"]
        if (one["portfolio_id"], one["date"]) == ("EURBOOK", str(MARKET_DATE))
    }
