"""A real book over two weeks of real closes and rates, and how to write, freeze and read it."""

import datetime as dt
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import polars as pl

from endofday.runner import run_steps
from endofday.steps import chosen
from store.bulk import append_revisions
from store.database import Connection

DEMO = Path(__file__).parents[3] / "data/demo"
DAY, FRIDAY = dt.date(2013, 10, 7), dt.date(2013, 10, 4)
HELD = {"AIG": D(100), "BAC": D(-2000), "IBM": D(30), "SPY": D(50)}
AT = dt.datetime(2013, 1, 2, tzinfo=dt.UTC)
CENT = D("0.00000001")


def midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), dt.UTC)


def demo_prices() -> list[dict[str, Any]]:
    found = pl.read_parquet(DEMO / "prices.parquet").filter(
        pl.col("date").is_between(dt.date(2013, 9, 30), dt.date(2013, 10, 9))
        & pl.col("symbol").is_in(list(HELD))
    )
    rows = found.select("symbol", "date", "close", "currency").to_dicts()
    return [{**row, "revision": 1} for row in rows]


def demo_rates() -> list[dict[str, Any]]:
    found = pl.read_parquet(DEMO / "fx.parquet").filter(
        pl.col("date").is_between(dt.date(2013, 9, 25), dt.date(2013, 10, 9)) & (pl.col("pair") == "EURUSD")
    )
    rows = found.to_dicts()
    return [
        {"pair": row["pair"], "as_of": midnight(row["date"]), "rate": D(row["rate"]), "revision": 1}
        for row in rows
    ]


def instrument(symbol: str, **more: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "valid_from": AT,
        "name": symbol,
        "asset_class": "equity",
        "currency": "USD",
        "exchange": "XNYS",
        "multiplier": D(1),
        "revision": 1,
        **more,
    }


def position(
    book: str, symbol: str, quantity: D, as_of: dt.datetime = AT, revision: int = 1
) -> dict[str, Any]:
    return {
        "portfolio_id": book,
        "symbol": symbol,
        "as_of": as_of,
        "quantity": quantity,
        "average_cost": D(10),
        "currency": "USD",
        "revision": 1,
    }


def book(name: str, base: str, parent: str | None = None) -> dict[str, Any]:
    return {
        "portfolio_id": name,
        "valid_from": AT,
        "name": name,
        "base_currency": base,
        "parent_id": parent,
        "revision": 1,
    }


def fill(
    name: str, symbol: str, quantity: str, price: str, at: dt.datetime, fee: str = "0"
) -> dict[str, Any]:
    return {
        "fill_id": name,
        "portfolio_id": "EU",
        "symbol": symbol,
        "executed_at": at,
        "seq": 1,
        "quantity": D(quantity),
        "price": D(price),
        "currency": "USD",
        "fee": D(fee),
        "revision": 1,
    }


FILLS = [
    fill("f1", "AIG", "20", "49.10", dt.datetime(2013, 10, 7, 15, tzinfo=dt.UTC), fee="1.25"),
    fill("f2", "AIG", "-60", "48.90", dt.datetime(2013, 10, 7, 16, tzinfo=dt.UTC), fee="2"),
    fill("late", "IBM", "5", "181.50", dt.datetime(2013, 10, 7, 21, tzinfo=dt.UTC)),  # after the close
]


def write(database: Any, relation: Any, rows: list[dict[str, Any]]) -> None:
    async def work(conn: Connection) -> None:
        await append_revisions(
            conn,
            relation,
            [{name: value for name, value in row.items() if name != "revision"} for row in rows],
        )

    database.transaction(work)


def freeze(database: Any, *dates: dt.date) -> list[dict[str, Any]]:
    results = list(run_steps(database.dsn, dates or (DAY,), chosen(["pnl"])))
    assert [one.state for one in results] == ["done"] * len(results), results
    return [one.details for one in results]


def frozen(database: Any, portfolio: str = "EU", date: dt.date = DAY) -> dict[str, dict[str, Any]]:
    async def work(conn: Connection) -> list[Any]:
        query = "SELECT * FROM ops.pnl_daily_latest WHERE portfolio_id = $1 AND date = $2"
        return await conn.fetch(query, portfolio, date)

    return {row["symbol"]: dict(row) for row in database.transaction(work)}


def close(symbol: str, date: dt.date) -> D:
    return next(row["close"] for row in demo_prices() if (row["symbol"], row["date"]) == (symbol, date))


def usd_in_eur(date: dt.date) -> D:
    rate = next(row["rate"] for row in demo_rates() if row["as_of"] == midnight(date))
    return 1 / rate


def realized_of_aig(now: D) -> D:
    """60 of 120 at average cost: 100 at 10 taken on AT at a rate nobody knows, 20 at 49.10; less the fees.

    The FX part on the cost is left out, since the rate at cost is unknown.
    """
    return 60 * (D("48.90") - (D(1000) + 982) / 120) * now - D("3.25") * now
