"""The risk service on a real broker and database, against calculations from the files."""

import os
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from contracts import Measure, PositionValue, RiskReport, Valuation
from quant import MEASURES
from testkit.builders import make_position_value, make_valuation

pytestmark = pytest.mark.integration

DEMO = Path(__file__).parents[3] / "data/demo"
MARKET_DATE = date(2013, 10, 7)
BOOK = {"AIG": 4000, "BAC": 15000, "IBM": 700, "SPY": -1800}
CLOSES = {"AIG": "48.6", "BAC": "14.05", "IBM": "182.01", "SPY": "167.43"}
FX_RATE = "0.7371"  # EUR per USD


def euro_book() -> list[PositionValue]:
    return [
        make_position_value(name, str(units), CLOSES[name], fx_rate=FX_RATE) for name, units in BOOK.items()
    ]


def euro_valuation(portfolio_id: str, as_of: datetime | None = None, **fields) -> Valuation:
    moment = as_of or datetime(2013, 10, 7, 15, 30, tzinfo=UTC)
    basis = fields.get("basis", "last")
    defaults = {
        "currency": "EUR",
        "as_of": moment,
        "valuation_id": f"{portfolio_id}:{basis}:{moment.isoformat()}:1",
    }
    return make_valuation(portfolio_id, "15:30", *euro_book(), **{**defaults, **fields})


def base_levels(symbols: list[str], before: date, rows: int = 501) -> tuple[np.ndarray, np.ndarray]:
    """Independent of the platform: dates and (T, F) euro levels from the files, by Polars joins."""
    prices = pl.read_parquet(DEMO / "prices.parquet").with_columns(pl.col("close").cast(pl.Float64))
    grid = prices.filter(pl.col("date") < before).select("date").unique().sort("date").tail(rows)
    actions = pl.read_csv(DEMO / "corporate-actions.csv", try_parse_dates=True).filter(
        pl.col("ex_date") <= before
    )
    fx = pl.read_parquet(DEMO / "fx.parquet").filter(pl.col("pair") == "EURUSD").sort("date")
    levels = []
    for symbol in symbols:
        own = prices.filter(pl.col("symbol") == symbol).sort("date")
        for kind in ("split", "dividend"):
            of_kind = actions.filter(pl.col("symbol") == symbol, pl.col("type") == kind)
            own = own.join(of_kind.select(date="ex_date", **{kind: "value"}), on="date", how="left")
        growth = (pl.col("close") * pl.col("split").fill_null(1) + pl.col("dividend").fill_null(0)) / pl.col(
            "close"
        ).shift(1)
        own = own.filter(pl.col("date") < before).with_columns(growth.fill_null(1).cum_prod().alias("wealth"))
        own = own.with_columns(adjusted=pl.col("wealth") / pl.col("wealth").last() * pl.col("close").last())
        joined = grid.join_asof(own.select("date", "adjusted"), on="date")
        joined = joined.join_asof(fx.select("date", pl.col("rate").cast(pl.Float64)), on="date")
        levels.append((joined["adjusted"] / joined["rate"]).to_numpy())
    return grid["date"].to_numpy().astype("datetime64[D]"), np.column_stack(levels)


def measure(report: RiskReport, name: str, **parameters: str) -> Measure:
    (found,) = (
        m for m in report.measures if m.measure == name and parameters.items() <= m.parameters.items()
    )
    return found


def test_measures_equal_a_calculation_from_the_files(risk) -> None:
    valuation = euro_valuation("REAL")
    risk.publish(valuation)
    report = risk.report_of(valuation)
    dates, levels = base_levels(list(BOOK), MARKET_DATE)
    units = np.array(list(BOOK.values()), dtype=float)
    market_values = units * [float(close) for close in CLOSES.values()] * float(FX_RATE)

    pnl = (levels[1:] / levels[:-1] - 1) @ market_values
    order = np.argsort(pnl)
    for level, rank in (("9500", 25), ("9750", 13), ("9900", 5)):
        var = measure(report, "historical_var", confidence_bp=level)
        assert var.value == pytest.approx(-pnl[order[rank - 1]], rel=1e-9)
        assert (var.unit, var.details["k"], var.details["scenarios"]) == ("EUR", str(rank), "500")
        assert var.details["scenario_date"] == str(dates[1:][order[rank - 1]])
        assert (var.details["window_start"], var.details["window_end"]) == (str(dates[1]), "2013-10-04")
    shortfall = measure(report, "expected_shortfall", confidence_bp="9500")
    assert shortfall.value == pytest.approx(-pnl[order[:25]].mean(), rel=1e-9)

    values = levels @ units
    volatility = np.diff(np.log(values[-21:])).std(ddof=1) * np.sqrt(252)
    assert measure(report, "volatility_20d").value == pytest.approx(volatility, rel=1e-9)
    drawdown = (1 - values / np.maximum.accumulate(values)).max()
    assert measure(report, "max_drawdown").value == pytest.approx(drawdown, rel=1e-9)
    sizes = np.abs(market_values)
    concentration = measure(report, "concentration")
    assert concentration.value == pytest.approx(100 * sizes.max() / sizes.sum(), rel=1e-9)
    assert concentration.details["symbol"] == list(BOOK)[int(np.argmax(sizes))]


def test_splits_are_no_losses(risk) -> None:
    after_split = datetime(2014, 6, 20, 15, 30, tzinfo=UTC)
    position = make_position_value("AAPL", "700", "91", fx_rate="0.7353")
    valuation = make_valuation("APPLE", "15:30", position, currency="EUR", as_of=after_split)
    risk.publish(valuation)
    report = risk.report_of(valuation)
    _, levels = base_levels(["AAPL"], date(2014, 6, 20))
    pnl = 700 * 91 * 0.7353 * (levels[1:, 0] / levels[:-1, 0] - 1)
    var = measure(report, "historical_var", confidence_bp="9900")
    assert var.value == pytest.approx(-np.sort(pnl)[4], rel=1e-9)
    assert var.value < 0.07 * 700 * 91 * 0.7353  # the raw close "fell" by 85 % on 2014-06-09


def test_official_numbers_are_stored_with_their_evidence(risk) -> None:
    official = euro_valuation("STORED", basis="bar", revision=1)
    risk.publish(official)
    report = risk.report_of(official)
    risk.wait_caught_up()
    rows = risk.rows("STORED")
    assert len(rows) == len(report.measures)
    (var,) = (row for row in rows if "9500" in row["parameters"] and row["measure"] == "historical_var")
    assert var["value"] == measure(report, "historical_var", confidence_bp="9500").value
    assert (var["basis"], var["revision"], var["unit"]) == ("bar", 1, "EUR")
    assert var["evidence"]["history_version"] == report.history_version
    assert var["valuation_id"] == official.valuation_id

    risk.publish(official)  # a repeat adds nothing, a change adds a revision
    halves = [
        make_position_value(name, str(units / 2), CLOSES[name], fx_rate=FX_RATE)
        for name, units in BOOK.items()
    ]
    changed = make_valuation(
        "STORED",
        "15:30",
        *halves,
        valuation_id="STORED:bar:changed",
        basis="bar",
        revision=2,
        currency="EUR",
        as_of=official.as_of,
    )
    risk.publish(changed)
    risk.report_of(changed)
    risk.wait_caught_up()
    revised = [row["revision"] for row in risk.rows("STORED") if row["measure"] == "historical_var"]
    assert sorted(revised) == [1, 1, 1, 2, 2, 2]
    # Half the book has the same relative risk: these numbers did not change, so they got no revision.
    assert {row["revision"] for row in risk.rows("STORED") if row["measure"] == "concentration"} == {1}


def test_kill_and_restart_lose_and_double_nothing(risk) -> None:
    start = datetime(2013, 10, 7, 13, 35, tzinfo=UTC)
    officials = [
        euro_valuation(
            f"K{number % 3}", start + timedelta(minutes=5 * (number // 3)), basis="bar", revision=1
        )
        for number in range(150)
    ]
    risk.publish(*officials[:75])
    risk.report_of(officials[10])
    risk.child.kill()
    risk.publish(*officials[75:])
    risk.start()
    risk.wait_caught_up()
    for portfolio_id in ("K0", "K1", "K2"):
        rows = risk.rows(portfolio_id)
        assert len({row["as_of"] for row in rows}) == 50
        assert len(rows) == 50 * len(MEASURES)
        assert {row["revision"] for row in rows} == {1}


def test_sigterm_ends_it_soon_and_cleanly(risk) -> None:
    risk.publish(euro_valuation("STOP"))
    risk.wait_caught_up()
    assert risk.child.stop(timeout_seconds=5) == 0
    risk.start()


def test_new_history_reaches_books_that_do_not_move(risk) -> None:
    valuation = make_valuation(
        "QUIET",
        "15:30",
        make_position_value("AIG", "10", "48.6"),
        make_position_value("FRESH", "10", "5"),
        valuation_id="QUIET:last:1",
    )
    risk.publish(valuation)
    before = measure(risk.report_of(valuation), "historical_var", confidence_bp="9500")
    assert (before.value, before.reason) == (None, "no_history")
    risk.wait_caught_up()
    risk.child.kill()  # the book is remembered from the topic, not from memory
    risk.start()
    days = pl.read_parquet(DEMO / "prices.parquet").filter(pl.col("symbol") == "SPY").select("date")
    fresh = days.with_columns(symbol=pl.lit("FRESH"), close=pl.lit("5"), currency=pl.lit("USD"))
    risk.insert_prices(fresh)

    def measured() -> bool:
        newest = [one for one in risk.reports() if one.portfolio_id == "QUIET"][-1]
        return measure(newest, "historical_var", confidence_bp="9500").value is not None

    risk.eventually(measured, "a VaR with the new history")


def test_a_zombie_adds_no_revision_of_what_it_knew_before(risk, tmp_path: Path) -> None:
    """While it is paused, a successor learns of a correction; what wakes it up is new history."""
    before = euro_valuation("ZOMBIE", basis="bar", revision=1)
    risk.publish(before)
    risk.report_of(before)
    risk.wait_caught_up()
    zombie = risk.child
    os.kill(zombie.pid, signal.SIGSTOP)
    successor = risk.another(tmp_path)
    successor.start()
    after = make_valuation(
        "ZOMBIE",
        "15:30",
        *euro_book()[:2],
        **{"valuation_id": "ZOMBIE:bar:2", "basis": "bar", "revision": 2, "currency": "EUR"},
        as_of=before.as_of,
    )
    successor.publish(after)
    successor.report_of(after)
    days = pl.read_parquet(DEMO / "prices.parquet").filter(pl.col("symbol") == "SPY").select("date")
    successor.insert_prices(
        days.with_columns(symbol=pl.lit("NEWS"), close=pl.lit("5"), currency=pl.lit("USD"))
    )
    successor.wait_caught_up()
    os.kill(zombie.pid, signal.SIGCONT)
    assert zombie.process.wait(60) != 0
    assert "took over" in zombie.log_tail()
    rows = [row for row in successor.rows("ZOMBIE") if row["measure"] == "historical_var"]
    newest = max((row for row in rows if "9500" in row["parameters"]), key=lambda row: row["revision"])
    assert newest["valuation_id"] == after.valuation_id
    assert successor.child is not None
    assert successor.child.stop() == 0
    risk.start()
