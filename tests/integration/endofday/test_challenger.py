"""The step `challenger` on a real book: it agrees with the stored numbers, and a wrong price shows."""

import datetime as dt
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from api_gateway.adapters.challenger_watch import divergence_ratios
from endofday.adapters.challenger import challenge
from endofday.adapters.pnl import freeze_pnl
from measuring.adapters.history import HistoryStore
from measuring.adapters.metrics import MetricStore
from risk.core.state import RiskState
from store import tables
from store.bulk import append_revisions
from store.database import Connection, Database, run_transaction
from testkit.builders import make_position_value, make_valuation

pytestmark = pytest.mark.integration

DEMO = Path(__file__).parents[3] / "data/demo"
DAY, FRIDAY = dt.date(2013, 10, 7), dt.date(2013, 10, 4)
HELD = {"AIG": D(100), "BAC": D(-2000), "IBM": D(30), "SPY": D(50)}
LOADED = dt.datetime(2013, 1, 2, tzinfo=dt.UTC)
CLOSE = dt.datetime(2013, 10, 7, 20, tzinfo=dt.UTC)
BASE = "EUR"
FILL = {
    "fill_id": "f1",
    "portfolio_id": "EU",
    "symbol": "AIG",
    "executed_at": dt.datetime(2013, 10, 7, 15, tzinfo=dt.UTC),
    "seq": 1,
    "quantity": D(20),
    "price": D("49.10"),
    "currency": "USD",
    "fee": D("1.25"),
}
DIVIDEND = {"symbol": "IBM", "ex_date": DAY, "type": "dividend", "value": D("0.95")}
SPLIT = {"symbol": "AIG", "ex_date": DAY, "type": "split", "value": D(2)}
EARLIER = {"symbol": "SPY", "ex_date": dt.date(2013, 9, 20), "type": "dividend", "value": D("0.84")}


def of_demo() -> dict[Any, list[dict[str, Any]]]:
    prices = pl.read_parquet(DEMO / "prices.parquet").filter(
        pl.col("symbol").is_in(list(HELD)) & (pl.col("date") <= DAY)
    )
    rates = pl.read_parquet(DEMO / "fx.parquet").filter(pl.col("date") <= DAY)
    return {
        tables.DailyPrice: prices.select("symbol", "date", "close", "currency").to_dicts(),
        tables.FxRate: [
            {
                "pair": row["pair"],
                "as_of": dt.datetime.combine(row["date"], dt.time(), dt.UTC),
                "rate": D(str(row["rate"])),
            }
            for row in rates.to_dicts()
        ],
        tables.Instrument: [
            {
                "symbol": symbol,
                "valid_from": LOADED,
                "name": symbol,
                "asset_class": "equity",
                "currency": "USD",
                "exchange": "XNYS",
                "multiplier": D(1),
            }
            for symbol in HELD
        ],
        tables.Portfolio: [
            {
                "portfolio_id": name,
                "valid_from": LOADED,
                "name": name,
                "base_currency": BASE,
                "parent_id": parent,
            }
            for name, parent in (("TOP", None), ("EU", "TOP"))
        ],
        tables.Position: [
            {
                "portfolio_id": "EU",
                "symbol": symbol,
                "as_of": LOADED,
                "quantity": units,
                "average_cost": D(10),
                "currency": "USD",
            }
            for symbol, units in HELD.items()
        ],
    }


async def append(database: Database, relation: Any, rows: list[dict[str, Any]]) -> None:
    async def work(conn: Connection) -> None:
        await append_revisions(conn, relation, rows)

    await run_transaction(database.pool, work)


async def primary(database: Database, actions: list[dict[str, Any]]) -> None:
    """Fill the tables, value the book, and store VaR and profit by the code in use."""
    rows = {**of_demo(), tables.Fill: [FILL], tables.CorporateAction: actions}
    for relation, content in rows.items():
        await append(database, relation, content)
    prices = {r["symbol"]: r["close"] for r in rows[tables.DailyPrice] if r["date"] == DAY}
    rate = next(r["rate"] for r in rows[tables.FxRate] if r["as_of"].date() == DAY and r["pair"] == "EURUSD")
    fx = round(1 / rate, 18)
    positions = [make_position_value(s, str(q), str(prices[s]), str(fx)) for s, q in HELD.items()]
    valuation = make_valuation(
        "EU", "20:00", *positions, basis="bar", currency=BASE, fx_rates={"EUR": D(1), "USD": fx}
    )
    names = (
        "symbol",
        "asset_class",
        "quantity",
        "average_cost",
        "multiplier",
        "currency",
        "price",
        "fx_rate",
    )
    lines = [
        {
            **{name: getattr(one, name) for name in (*names, "position_as_of", "position_version", "stale")},
            "portfolio_id": "EU",
            "as_of": CLOSE,
            "basis": "bar",
            "valuation_id": valuation.valuation_id,
        }
        for one in positions
    ]
    await append(database, tables.PositionValuation, lines)
    state = RiskState(await HistoryStore(database.pool, None).load(), "USD")
    await MetricStore(database.pool).append([state.report(valuation, CLOSE)])
    await freeze_pnl(database.pool, DAY)


async def challenged(database: Database) -> dict[tuple[str, str], Any]:
    rows = await database.pool.fetch("SELECT * FROM ops.challenge_latest WHERE date = $1", DAY)
    return {(row["portfolio_id"], row["measure"]): row for row in rows}


@pytest.fixture
def database(fresh_postgres: str) -> Any:
    with Database(fresh_postgres, max_size=2) as found:
        yield found


@pytest.mark.parametrize("actions", [[EARLIER], [EARLIER, DIVIDEND], [EARLIER, DIVIDEND, SPLIT]])
def test_both_calculations_agree(database: Database, actions: list[dict[str, Any]]) -> None:
    database.run(primary(database, actions))
    told = database.run(challenge(database.pool, DAY))
    rows = database.run(challenged(database))
    wanted = {("EU", "historical_var_9500"), ("EU", "historical_var_9900")}
    assert set(rows) == wanted | {("EU", "daily_pnl"), ("TOP", "daily_pnl")}
    for key, row in rows.items():
        assert row["reason"] is None, (key, row)
        assert abs(row["primary_value"]) > 1
        assert row["divergence"] == pytest.approx(0, abs=1e-6), key
    assert rows["EU", "historical_var_9900"]["evidence"]["scenarios"] == "500"
    assert (told["compared"], told["diverging"], told["written"]) == (4, 0, 4)
    assert database.run(challenge(database.pool, DAY))["written"] == 0


def test_a_wrong_price_in_one_path_shows(database: Database) -> None:
    """Prices are corrected behind the stored numbers: of the VaR's own scenario, and of the last close."""
    database.run(primary(database, []))
    database.run(challenge(database.pool, DAY))
    evidence = database.run(challenged(database))["EU", "historical_var_9900"]["evidence"]
    wrong = [
        {"symbol": "SPY", "date": dt.date.fromisoformat(evidence["scenario_date"]), "close": D(1)},
        {"symbol": "IBM", "date": FRIDAY, "close": D(100)},
    ]
    database.run(append(database, tables.DailyPrice, [{**row, "currency": "USD"} for row in wrong]))
    told = database.run(challenge(database.pool, DAY))
    rows = database.run(challenged(database))
    # The 25th worst of 500 stays what it is when one that is worse becomes worse still.
    assert rows["EU", "historical_var_9500"]["divergence"] == pytest.approx(0, abs=1e-6)
    assert told["diverging"] == 3
    assert told["largest_divergence_ratio"] > 0.1
    assert rows["EU", "daily_pnl"]["divergence"] == rows["TOP", "daily_pnl"]["divergence"]
    assert abs(rows["EU", "daily_pnl"]["divergence"]) > 100
    assert rows["EU", "historical_var_9900"]["revision"] == 2
    ratios = database.run(divergence_ratios(database.pool))
    assert set(ratios) == {"daily_pnl", "historical_var"}
    assert max(ratios.values()) == told["largest_divergence_ratio"]
