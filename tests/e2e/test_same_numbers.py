"""One book, every face: REST, the stream, Kafka, the dashboard, the warehouse and the reports agree."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec
import psycopg
import pytest
from playwright.sync_api import Browser, Locator
from psycopg.rows import dict_row
from tests.e2e import screen
from tests.e2e.real_day import MARKET_DATE
from tests.e2e.screen import signed_in
from tests.unit.reports.readers import html_text, pdf_text, row_of, sheet

from chassis.table import read_table
from contracts import RiskReport, Valuation, topics
from contracts.codec import decoder
from reports.core.figures import MINUS, money
from testkit.platform import Platform
from testkit.waiting import eventually

BOOK = "EURBOOK"
AT_CLOSE = "2013-10-07T21:00:00Z"
Basis = Literal["last", "bar"]
M = TypeVar("M", Valuation, RiskReport)
WORTH = ("market_value", "long", "short", "gross", "net")
AMOUNTS = ("market_value", "long_exposure", "short_exposure", "gross_exposure", "net_exposure")
VAR_95 = {"confidence_bp": "9500", "horizon_days": "1"}

pytestmark = pytest.mark.timeout(600)


def of_kafka(platform: Platform, basis: Basis) -> tuple[Valuation, RiskReport]:
    """The newest value and risk of the book on their topics."""
    values = list(messages(platform, topics.VALUATIONS.name, Valuation, basis))
    reports = list(messages(platform, topics.RISK.name, RiskReport, basis))
    value = max(values, key=lambda one: (one.as_of, one.recorded_at))
    return value, next(one for one in reversed(reports) if one.valuation_id == value.valuation_id)


def messages(platform: Platform, topic: str, kind: type[M], basis: Basis) -> Iterator[M]:
    """The messages about the book on a topic, oldest first."""
    for record in read_table(platform.client["kafka"], topic):
        if record.value is not None:
            message = decoder(kind).decode(record.value)
            if (message.portfolio_id, message.basis) == (BOOK, basis):
                yield message


def of_stream(platform: Platform, basis: Basis) -> dict[str, Any]:
    """The snapshot of the stream: `value` and `risk` of the book."""
    found: dict[str, Any] = {}
    asked = {"portfolio_id": BOOK, "topics": "values,risk"}
    name = ""
    with platform.http.stream("GET", "/v1/stream", params=asked) as answer:
        for line in answer.iter_lines():
            field, _, text = line.partition(": ")
            if field == "event":
                name = text
            elif field == "data" and name in ("value", "risk") and json.loads(text)["basis"] == basis:
                found[name] = json.loads(text)
            if len(found) == 2:
                return found
    raise AssertionError(f"the stream ended with {sorted(found)}")


def of_rest(platform: Platform, basis: Basis) -> dict[str, Any]:
    """Value, risk and VaR of one valuation: asked again until risk has caught up."""

    def ask() -> dict[str, Any]:
        names = ("value", "risk", "var")
        return {name: platform.get(f"/portfolios/{BOOK}/{name}", basis=basis) for name in names}

    return eventually(ask, lambda found: len({one["valuation_id"] for one in found.values()}) == 1)


def amounts(answer: dict[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(answer[name]["amount"]) for name in AMOUNTS}


def var_of(measures: Any) -> float:
    """One day, 95 %, of the measures of a risk report."""
    (found,) = [
        one.value
        for one in measures
        if one.measure == "historical_var" and one.parameters.items() >= VAR_95.items()
    ]
    return found


def var_of_answer(risk: dict[str, Any]) -> float:
    """The same of an answer of GET risk."""
    variants = risk["measures"]["historical_var"]["variants"]
    (found,) = [one["value"] for one in variants if one["parameters"].items() >= VAR_95.items()]
    return found


def title(cell: Locator) -> str:
    """What an amount on the dashboard is exactly, with its currency."""
    return cell.locator("[title]").first.get_attribute("title") or ""


@pytest.mark.parametrize("basis", ["last", "bar"])
def test_newest_numbers_on_kafka_stream_and_rest(closed: Platform, basis: Basis) -> None:
    rest = of_rest(closed, basis)
    value, report = of_kafka(closed, basis)
    stream = of_stream(closed, basis)
    assert stream["value"] == rest["value"]
    assert stream["risk"] == rest["risk"]
    assert rest["value"]["valuation_id"] == value.valuation_id == report.valuation_id
    as_of = msgspec.convert(rest["value"]["as_of"], type(value.as_of))
    assert as_of == value.as_of == report.as_of
    assert amounts(rest["value"]) == {name: getattr(value, name) for name in AMOUNTS}
    assert var_of_answer(rest["risk"]) == var_of(report.measures)
    assert float(rest["var"]["var"]["amount"]) == pytest.approx(var_of(report.measures), abs=1e-8)


def test_dashboard_shows_what_rest_answers(closed: Platform, browser: Browser) -> None:
    rest = of_rest(closed, "last")
    with signed_in(browser, closed) as (page, errors):
        cells = screen.row_of(page, BOOK).locator("td")
        columns = (
            page.locator("table", has=screen.row_of(page, BOOK)).locator("th[scope=col]").all_inner_texts()
        )
        place = {name: number for number, name in enumerate(columns)}
        told = rest["value"]["market_value"]
        value = eventually(lambda: title(cells.nth(place["Value"])), lambda text: text.endswith(" EUR"))
        var = eventually(lambda: title(cells.nth(place["VaR 95"])), lambda text: text.endswith(" EUR"))
        assert value == f"{told['amount']} EUR"
        assert Decimal(var.removesuffix(" EUR")) == Decimal(rest["var"]["var"]["amount"])
        assert errors == []


def test_official_bar_value_in_the_warehouse(closed: Platform) -> None:
    """The last official value that went over Kafka is the row of the warehouse with its market time."""
    value, report = of_kafka(closed, "bar")
    (row,) = gold(closed, "fact_portfolio_valuation", value.as_of)
    assert {name: row[name] for name in AMOUNTS} == {name: getattr(value, name) for name in AMOUNTS}
    assert row["valuation_id"] == value.valuation_id
    assert stored_var(closed, value.as_of) == var_of(report.measures)


def test_closing_numbers_in_rest_warehouse_and_reports(closed: Platform) -> None:
    past = {"basis": "bar", "as_of": AT_CLOSE}
    rest, var = (closed.get(f"/portfolios/{BOOK}/{name}", **past) for name in ("value", "var"))
    assert rest["as_of"] == var["as_of"] == AT_CLOSE
    assert rest["valuation_id"] == var["valuation_id"]

    (row,) = gold(closed, "fact_portfolio_valuation", AT_CLOSE)
    assert amounts(rest) == {name: row[name] for name in AMOUNTS}
    assert row["valuation_id"] == rest["valuation_id"]
    assert float(var["var"]["amount"]) == pytest.approx(stored_var(closed, AT_CLOSE), abs=1e-8)

    risk = reported(closed, "risk-exposure")
    assert Decimal(risk["market_value"]) == Decimal(rest["market_value"]["amount"])
    for reported_name, name in (("long", "long_exposure"), ("short", "short_exposure")):
        assert Decimal(risk[reported_name]) == Decimal(rest[name]["amount"])
    (tail,) = [one for one in risk["tails"] if (one["confidence_bp"], one["horizon_days"]) == (9500, 1)]
    assert tail["var"] == stored_var(closed, AT_CLOSE)
    assert (tail["scenario_date"], tail["k"]) == (var["scenario_date"], var["k"])


def test_profit_in_rest_and_report(closed: Platform) -> None:
    rest = closed.get(f"/portfolios/{BOOK}/pnl", period="day", date=MARKET_DATE.isoformat())
    told = reported(closed, "daily-pnl")["day"]
    parts = {part: Decimal(amount) for part, amount in told["parts"].items()}
    assert parts.keys() >= {"price", "fx", "total"}
    assert parts == {part: Decimal(rest["parts"][part]["amount"]) for part in parts}
    assert told["time_weighted_return"] == rest["time_weighted_return"]


@pytest.mark.parametrize(("period", "name"), [("mtd", "month"), ("ytd", "year")])
def test_a_profit_that_is_not_known_has_the_same_reason(closed: Platform, period: str, name: str) -> None:
    """The book has one frozen day, so the month and the year are not known: on every face alike."""
    rest = closed.get(f"/portfolios/{BOOK}/pnl", period=period, date=MARKET_DATE.isoformat())
    told = reported(closed, "daily-pnl")[name]
    assert (told["parts"], rest["parts"]) == (None, None)
    assert told["parts_unavailable"]["reason"] == rest["reason"]


def test_day_profit_in_the_warehouse(closed: Platform) -> None:
    (row,) = query(closed, "SELECT total FROM gold.mart_portfolio_pnl WHERE portfolio_id = %s", BOOK)
    assert row["total"] == Decimal(reported(closed, "daily-pnl")["day"]["parts"]["total"])


def test_profit_in_the_files_is_that_of_their_json(closed: Platform) -> None:
    """What the end of day wrote for people, cell by cell and as text."""
    files, book = written(closed, "daily-pnl")
    row = row_of(sheet(files["xlsx"], "Summary"), BOOK)
    told = {"Closing value": Decimal(book["closing_value"]), "Day": Decimal(book["day"]["parts"]["total"])}
    assert {name: row[name] for name in told} == in_cells(told)
    shown(files, *told.values())


def test_risk_in_the_files_is_that_of_their_json(closed: Platform) -> None:
    files, book = written(closed, "risk-exposure")
    worth = row_of(sheet(files["xlsx"], "Exposure"), BOOK)
    told = {name.replace("_", " ").capitalize(): Decimal(book[name]) for name in WORTH}
    assert {title: worth[title] for title in told} == in_cells(told)
    (tail,) = [one for one in book["tails"] if (one["confidence_bp"], one["horizon_days"]) == (9900, 1)]
    row = row_of(sheet(files["xlsx"], "VaR 99 %"), BOOK)
    told = {"VaR": tail["var"], "Expected shortfall": tail["expected_shortfall"]}
    assert {title: row[title] for title in told} == in_cells(told)
    shown(files, Decimal(book["market_value"]), Decimal(repr(tail["var"])))


def in_cells(amounts: Mapping[str, Decimal | float]) -> Any:
    """As a spreadsheet holds them: binary fractions, of which its file keeps sixteen digits."""
    return pytest.approx({name: float(amount) for name, amount in amounts.items()}, rel=1e-15)


def written(platform: Platform, name: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of a report that the end of day left, by format, and the book in their JSON."""
    stem = platform.home / "reports" / f"{MARKET_DATE}" / f"{name}-{MARKET_DATE}"
    files = {form: stem.with_suffix(f".{form}").read_bytes() for form in ("json", "xlsx", "pdf", "html")}
    (book,) = [one for one in json.loads(files["json"])["portfolios"] if one["portfolio_id"] == BOOK]
    return files, book


def shown(files: dict[str, bytes], *amounts: Decimal) -> None:
    """Each amount is in the text of the PDF and of the page as people read it."""
    for text in (pdf_text(files["pdf"]), html_text(files["html"])):
        missing = [amount for amount in amounts if money(amount).replace(MINUS, "-") not in text]
        assert missing == []


def reported(platform: Platform, name: str) -> dict[str, Any]:
    """The book in a report as the gateway serves it."""
    answer = platform.get(f"/reports/{name}", date=MARKET_DATE.isoformat(), format="json")
    (book,) = [one for one in answer["portfolios"] if one["portfolio_id"] == BOOK]
    return book


def gold(platform: Platform, fact: str, as_of: object) -> list[dict[str, Any]]:
    """The official rows of the book at a market time."""
    where = f"SELECT * FROM gold.{fact} WHERE portfolio_id = %s AND as_of = %s AND basis = 'bar'"
    return query(platform, where, BOOK, as_of)


def stored_var(platform: Platform, as_of: object) -> float:
    (value,) = [
        row["value"]
        for row in gold(platform, "fact_risk_metrics", as_of)
        if row["measure"] == "historical_var" and "confidence_bp=9500" in row["parameters"]
    ]
    return value


def query(platform: Platform, sql: str, *parameters: object) -> list[dict[str, Any]]:
    with closing(psycopg.connect(platform.client["postgres"], row_factory=dict_row)) as connection:
        return connection.execute(sql, parameters).fetchall()  # type: ignore[arg-type]
