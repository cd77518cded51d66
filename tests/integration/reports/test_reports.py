"""Both reports from a built warehouse: numbers worked out by hand, corrections, the same bytes again."""

import asyncio
import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from tests.integration.reports import world
from tests.integration.warehouse import books
from tests.integration.warehouse.books import FRIDAY, HELD, MONDAY
from tests.integration.warehouse.dbt import Dbt
from tests.unit.reports.readers import html_text, pdf_text, row_of, sheet

from reports.adapters.gold import ReportUnavailable
from reports.catalog import FORMATS, Report, make_report
from store.database import READER, Database, connect_pool

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def warehouse(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a database with the views that reports read."""
    with pytest.raises(ReportUnavailable, match="not built"):
        made(postgres, "daily-pnl", MONDAY)
    books.write(postgres, world.rows())
    dbt = Dbt.on_postgres(postgres, tmp_path_factory.mktemp("dbt"))
    views = ("+path:models/marts/history", "+path:models/marts/reports")
    run = dbt("run", "--select", *views)
    assert run.wrong == set(), run.output
    return postgres


def made(dsn: str, name: str, date: dt.date, **options: Any) -> Report:
    with Database(dsn, max_size=1, role=READER) as database:
        return database.run(make_report(database.pool, name, date, **options))


def content(report: Report) -> Any:
    return json.loads(report.rendered("json"))


def book(report: Report, portfolio_id: str = "US") -> Any:
    return next(one for one in content(report)["portfolios"] if one["portfolio_id"] == portfolio_id)


def earned(symbol: str) -> D:
    return books.value(symbol, MONDAY) - books.value(symbol, FRIDAY)


def test_the_profit_of_the_day_equals_an_independent_calculation(warehouse: str) -> None:
    found = book(made(warehouse, "daily-pnl", MONDAY))
    total = sum(earned(symbol) for symbol in HELD)
    for period in ("day", "month"):
        parts = {name: D(amount) for name, amount in found[period]["parts"].items()}
        assert parts["total"] == total == parts["price"] + parts["fx"]
    # The book was worth less than nothing at its previous close: a return has no meaning.
    assert found["day"]["return_unavailable"]["reason"] == "not_positive_value"
    ranked = sorted(HELD, key=earned)
    assert [one["symbol"] for one in found["losers"]] == [name for name in ranked if earned(name) < 0]
    assert [one["symbol"] for one in found["gainers"]] == [name for name in ranked[::-1] if earned(name) > 0]
    # The year is not known: it began before the first end of day, and the book held since January.
    assert found["year"]["parts"] is None
    assert found["year"]["parts_unavailable"]["reason"] == "missing_day"


def test_risk_comes_as_it_was_stored(warehouse: str) -> None:
    report = made(warehouse, "risk-exposure", MONDAY)
    found = book(report)
    (tail,) = found["tails"]
    assert (tail["var"], tail["expected_shortfall"], tail["scenario_date"]) == (900.0, 1100.0, "2011-08-08")
    assert (tail["interval_lower"], tail["interval_upper"], tail["k"]) == (700.5, 1200.25, 5)
    split = found["split"]
    assert (D(split["var"]), D(split["expected_shortfall"])) == (900, 1100)
    parts = {one["symbol"]: (D(one["component"]), one["share"]) for one in split["positions"]}
    assert parts == {name: (900 * share, float(share)) for name, share in books.SHARES.items()}
    worth = {symbol: books.value(symbol, MONDAY) for symbol in HELD}
    by_currency = {one["name"]: D(one["net"]) for one in found["by_currency"]}
    assert by_currency == {"EUR": worth["SAP"], "USD": worth["AIG"] + worth["BAC"]}
    gross = sum(abs(value) for value in worth.values())
    stresses = {one["name"]: one for one in found["stresses"]}
    assert stresses["shares_down_10"]["pnl"] == pytest.approx(float(-sum(worth.values()) / 10))
    assert stresses["currencies_down_10"]["pnl"] == pytest.approx(float(-worth["SAP"] / 10))
    assert stresses["black_monday_1987"]["unavailable"]["reason"] == "no_history"
    crisis = sum(
        worth[symbol] * ((after / before) * (D("1.32") / D("1.43") if symbol == "SAP" else 1) - 1)
        for symbol, (before, after) in world.CRISIS.items()
    )
    assert stresses["euro_crisis_2011"]["pnl"] == pytest.approx(float(crisis))
    assert stresses["euro_crisis_2011"]["percent"] == pytest.approx(float(crisis / gross))
    # Friday's VaR of 800 was the forecast for Monday, of the days before there is none.
    assert (found["backtest"]["days"], found["backtest"]["exceptions"], found["backtest"]["missing"]) == (
        1,
        0,
        4,
    )
    assert {one["volatility"] for one in content(report)["volatilities"]} == {0.0}


def test_limits_have_a_state_an_age_and_what_was_done(warehouse: str) -> None:
    breached, tight, idle = content(made(warehouse, "risk-exposure", MONDAY))["limits"]
    assert (breached["limit_id"], breached["state"], breached["age_seconds"]) == (
        "us-var",
        "BREACH",
        4.5 * 3600,
    )
    assert (breached["breach_open"], breached["actions"]) == (True, ["acknowledge by ann"])
    assert breached["utilisation"] == pytest.approx(900 / 850)
    assert (idle["limit_id"], idle["state"], idle["value"]) == ("us-idle", "NOT_JUDGED", None)
    # Nobody watched it live: its state is that of the close, and it has been so since Friday's.
    assert (tight["limit_id"], tight["state"], tight["value"]) == ("us-tight", "WARNING", 880.0)
    assert tight["age_seconds"] == 3 * 86_400


@pytest.mark.parametrize("name", ["daily-pnl", "risk-exposure"])
def test_the_same_date_and_moment_give_the_same_bytes(warehouse: str, name: str, tmp_path: Path) -> None:
    """Here, and seconds later in another process with another time zone and order of sets."""
    first = made(warehouse, name, MONDAY)
    known_at = first.data.known_at  # type: ignore[attr-defined]
    elsewhere = rendered_elsewhere(warehouse, name, known_at, tmp_path)
    for form in FORMATS:
        assert first.rendered(form) == elsewhere[form], form


def rendered_elsewhere(dsn: str, name: str, known_at: dt.datetime, target: Path) -> dict[str, bytes]:
    """The files of a process of its own, in Auckland, where it is mostly tomorrow."""
    script = Path(__file__).with_name("render.py")
    seeds = {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Auckland"}
    arguments = [dsn, name, str(MONDAY), known_at.isoformat(), str(target)]
    subprocess.run(
        [sys.executable, str(script), *arguments], env={**os.environ, **seeds}, check=True, timeout=240
    )
    return {form: (target / form).read_bytes() for form in FORMATS}


def test_every_format_has_the_numbers_of_the_json(warehouse: str) -> None:
    profit, risk = (made(warehouse, name, MONDAY) for name in ("daily-pnl", "risk-exposure"))
    earned_today, tail = D(book(profit)["day"]["parts"]["total"]), book(risk)["tails"][0]
    in_sheets = {
        "Day": row_of(sheet(profit.rendered("xlsx"), "Summary"), "US")["Day"],
        "VaR": row_of(sheet(risk.rendered("xlsx"), "VaR 99 %"), "US")["VaR"],
        "Market value": row_of(sheet(risk.rendered("xlsx"), "Exposure"), "US")["Market value"],
    }
    worth = D(book(risk)["market_value"])
    assert in_sheets == {"Day": float(earned_today), "VaR": tail["var"], "Market value": float(worth)}
    for report, amounts in ((profit, [earned_today]), (risk, [D(tail["var"]), worth])):
        for text in (pdf_text(report.rendered("pdf")), html_text(report.rendered("html"))):
            assert all(f"{amount:,.2f}" in text for amount in amounts)


def test_only_the_portfolios_that_may_be_shown_are(warehouse: str) -> None:
    for name in ("daily-pnl", "risk-exposure"):
        report = made(warehouse, name, MONDAY, portfolio_ids=["TOP"])
        assert [one["portfolio_id"] for one in content(report)["portfolios"]] == ["TOP"]
        assert b"AIG" not in report.rendered("json")


@pytest.mark.parametrize(
    ("name", "date", "problem"),
    [
        ("daily-pnl", dt.date(2013, 10, 8), "no profit and loss of 2013-10-08"),
        ("risk-exposure", dt.date(2013, 10, 8), "no official value of 2013-10-08"),
        ("daily-pnl", dt.date(2013, 10, 6), "is a Sunday"),
        ("daily-pnl", dt.date(1, 1, 1), "no tick is older"),
        ("risk-exposure", dt.date(9999, 12, 31), "no official value of 9999-12-31"),
    ],
)
def test_a_date_that_cannot_be_told_says_what_to_do(
    warehouse: str, name: str, date: dt.date, problem: str
) -> None:
    with pytest.raises(ReportUnavailable, match=problem) as refused:
        made(warehouse, name, date)
    assert refused.value.fix


def test_a_late_correction_is_listed_and_the_earlier_report_stays(warehouse: str, tmp_path: Path) -> None:
    before = made(warehouse, "daily-pnl", MONDAY)
    known_at = before.data.known_at  # type: ignore[attr-defined]
    asyncio.run(asyncio.sleep(0.01))  # the correction is recorded later than what it corrects
    books.write(warehouse, world.correction())
    after = made(warehouse, "daily-pnl", MONDAY)
    (line,) = content(after)["restatements"]
    was, became = D(line["was"]), D(line["became"])
    assert (line["symbol"], was, became, line["revision"]) == ("AIG", earned("AIG"), earned("AIG") - 100, 2)
    (bar,) = content(after)["corrected_bars"]
    assert (bar["symbol"], bar["was"], bar["cause"]) == ("AIG", {"close": "48.72"}, "late_ticks")
    assert D(book(after)["day"]["parts"]["total"]) == D(book(before)["day"]["parts"]["total"]) - 100
    again = made(warehouse, "daily-pnl", MONDAY, known_at=known_at)
    assert again.rendered("json") == before.rendered("json")


def test_the_gateway_reads_gold_within_its_reach(warehouse: str) -> None:
    async def shown(reach: str) -> list[str]:
        async def see(conn: Any) -> None:
            await conn.execute("SELECT set_config('app.portfolios', $1, false)", reach)

        pool = await connect_pool(warehouse, max_size=1, role="tapeline_gateway", on_lend=see)
        try:
            # The second wall: nothing is asked away, and still the database shows no more than may be seen.
            report = await make_report(pool, "risk-exposure", MONDAY)
        finally:
            await pool.close()
        return [one["portfolio_id"] for one in content(report)["portfolios"]]

    assert asyncio.run(shown("*")) == ["TOP", "US"]
    assert asyncio.run(shown('["US"]')) == ["US"]
    with pytest.raises(ReportUnavailable, match="no official value"):
        asyncio.run(shown('["TOP"]'))
