"""The committed demo book is what the script makes of the real history, and the history's facts are in it."""

import importlib.util
import sys
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from polars.testing import assert_frame_equal

DATA = Path(__file__).resolve().parents[3] / "data"


@cache
def make_demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_demo", DATA / "make_demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_demo"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def built() -> dict[str, pl.DataFrame]:
    return make_demo().build()


def committed(name: str) -> pl.DataFrame:
    path = DATA / "demo" / name
    return pl.read_csv(path, infer_schema=False) if path.suffix == ".csv" else pl.read_parquet(path)


@pytest.mark.parametrize("name", sorted(path.name for path in (DATA / "demo").iterdir()))
def test_committed_file_is_what_the_script_makes(name: str) -> None:
    expected = built()[name]
    if name.endswith(".csv"):
        expected = expected.select(pl.all().cast(pl.String))
    assert_frame_equal(committed(name), expected)


def actions(symbol: str, kind: str) -> dict[str, str]:
    rows = committed("corporate-actions.csv").filter(pl.col("symbol") == symbol, pl.col("type") == kind)
    return dict(zip(rows["ex_date"], rows["value"], strict=True))


def test_known_splits() -> None:
    assert actions("AAPL", "split") == {"2014-06-09": "7"}
    assert actions("GOOG", "split")["2014-04-03"] == "2"


def test_known_dividends() -> None:
    dividends = {day: Decimal(value) for day, value in actions("AAPL", "dividend").items()}
    known = {
        "2012-08-09": "2.65",
        "2013-05-09": "3.05",
        "2014-05-08": "3.29",
        "2014-08-07": "0.47",
        "2015-05-07": "0.52",
        "2018-05-11": "0.73",
        "2018-11-08": "0.73",
    }
    assert {day: dividends[day] for day in known} == {day: Decimal(value) for day, value in known.items()}


def test_actions_explain_every_large_move() -> None:
    """No close-to-close return is beyond 30 % once splits are taken out."""
    splits = {
        (symbol, date.fromisoformat(day)): float(value)
        for symbol, day, kind, value in committed("corporate-actions.csv").iter_rows()
        if kind == "split"
    }
    prices = committed("prices.parquet").with_columns(previous=pl.col("close").shift(1).over("symbol"))
    for symbol, day, close, previous in (
        prices.select("symbol", "date", "close", "previous").drop_nulls().iter_rows()
    ):
        assert abs(float(close) * splits.get((symbol, day), 1) / float(previous) - 1) < 0.30, (symbol, day)


def test_a_split_leaves_the_cost_of_a_position_as_it_was() -> None:
    apple = committed("positions.csv").filter(pl.col("symbol") == "AAPL")
    costs = [
        Decimal(quantity) * Decimal(cost)
        for quantity, cost in apple.select("quantity", "average_cost").iter_rows()
    ]
    assert len(costs) == 2
    assert all(abs(cost - costs[0]) < Decimal("0.001") for cost in costs)


def test_prices_and_rates_end_together() -> None:
    """A hole in one of them would leave a book of several currencies without scenarios."""
    last = [committed(name)["date"].max() for name in ("prices.parquet", "fx.parquet")]
    assert last == [date(2018, 12, 31)] * 2


def test_fx_rates_are_exact_mids() -> None:
    rates = committed("fx.parquet").filter(pl.col("pair") == "EURUSD", pl.col("date") == date(2013, 1, 2))
    assert [Decimal(rate) for rate in rates["rate"]] == [(Decimal("1.3183") + Decimal("1.31845")) / 2]


def test_every_position_has_an_instrument_and_a_portfolio() -> None:
    positions = committed("positions.csv")
    assert set(positions["symbol"]) <= set(committed("instruments.csv")["symbol"])
    assert set(positions["portfolio_id"]) == set(committed("portfolios.csv")["portfolio_id"])


@pytest.mark.parametrize("isin", committed("instruments.csv")["isin"].drop_nulls().to_list())
def test_isin_check_digit(isin: str) -> None:
    digits = "".join(str(int(character, 36)) for character in isin)
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    assert sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0
