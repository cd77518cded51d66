from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from contracts import Measure, RiskReport
from contracts.codec import decoder, encode
from measuring.adapters.metrics import to_rows
from measuring.core.history import DailyHistory
from quant import DatedSeries
from risk.core.conflation import Conflator, ValuationHead
from risk.core.state import RiskState
from risk.handlers import RiskHandler
from testkit.builders import make_position_value, make_valuation, moment

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DAYS = np.arange("2010-01-01", "2013-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
PRICES = 100 * np.exp(np.random.default_rng(3).normal(0, 0.01, (len(DAYS), 2)).cumsum(axis=0))
HISTORY = DailyHistory(
    "v1",
    prices={"AAA": DatedSeries(DAYS, PRICES[:, 0], "USD"), "BBB": DatedSeries(DAYS, PRICES[:, 1], "USD")},
    quotes={"EURUSD": DatedSeries(DAYS, 1.2 + 0.1 * np.sin(np.arange(len(DAYS)) / 20))},
    fx_symbols=frozenset({"EURUSD"}),
)
AAA = make_position_value("AAA", "10", "100")
BBB = make_position_value("BBB", "-4", "50")


def handler(history: DailyHistory = HISTORY) -> RiskHandler:
    return RiskHandler(RiskState(history, "USD"))


def measure(report: RiskReport, name: str, **parameters: str) -> Measure:
    (found,) = (
        m for m in report.measures if m.measure == name and parameters.items() <= m.parameters.items()
    )
    return found


def only(history_handler: RiskHandler, *positions, **fields) -> RiskReport:
    (report,) = history_handler.handle([make_valuation("P", "14:30", *positions, **fields)], NOW).reports
    return report


def test_report_equals_plain_numpy() -> None:
    report = only(handler(), AAA, BBB)
    known = PRICES[np.datetime64("2013-10-07") > DAYS][-501:]
    pnl = (known[1:] / known[:-1] - 1) @ [1000.0, -200.0]
    var = measure(report, "historical_var", confidence_bp="9500")
    assert var.value == pytest.approx(-np.sort(pnl)[24])
    assert (var.unit, var.details["k"], var.details["scenarios"]) == ("USD", "25", "500")
    assert var.details["window_end"] == "2013-10-04"
    values = known @ [10.0, -4.0]
    volatility = np.std(np.diff(np.log(values[-21:])), ddof=1) * np.sqrt(252)
    assert measure(report, "volatility_20d").value == pytest.approx(volatility)
    drawdown = (1 - values / np.maximum.accumulate(values)).max()
    assert measure(report, "max_drawdown").value == pytest.approx(drawdown)
    concentration = measure(report, "concentration")
    assert concentration.value == pytest.approx(100 * 1000 / 1200)
    assert concentration.details["symbol"] == "AAA"


def test_report_carries_what_it_rests_on() -> None:
    report = only(handler(), AAA, source_ts_us=17)
    assert (report.valuation_id, report.history_version, report.source_ts_us) == ("P:last:14:30:1", "v1", 17)
    assert (report.as_of, report.recorded_at) == (moment("14:30"), NOW)
    assert (report.market_value, report.basis, report.currency) == (Decimal(1000), "last", "USD")
    assert decoder(RiskReport).decode(encode(report)) == report


def test_base_currency_brings_fx_risk() -> None:
    position = make_position_value("AAA", "10", "100", fx_rate="0.75")
    report = only(handler(), position, currency="EUR")
    known = np.datetime64("2013-10-07") > DAYS
    base = (PRICES[:, 0] / HISTORY.quotes["EURUSD"].values)[known][-501:]
    expected = -np.sort(750 * (base[1:] / base[:-1] - 1))[24]
    assert measure(report, "historical_var", confidence_bp="9500").value == pytest.approx(expected)


def test_unpriced_position_is_left_out_and_coverage_says_so() -> None:
    without = only(handler(), AAA, make_position_value("ZZZ", "5", None))
    assert without.coverage.unpriced == 1
    assert [m.value for m in without.measures] == [m.value for m in only(handler(), AAA).measures]


def test_priced_position_without_history_gives_no_number() -> None:
    report = only(handler(), AAA, make_position_value("NEW", "5", "7"))
    var = measure(report, "historical_var", confidence_bp="9500")
    assert (var.value, var.reason) == (None, "no_history")
    assert "NEW" in var.details["message"]
    assert measure(report, "concentration").value is not None


def test_empty_history_is_a_reason() -> None:
    report = only(handler(DailyHistory("empty")), AAA)
    assert {m.reason for m in report.measures} == {"no_history", None}


def test_book_of_pairs_is_measured_on_fixing_dates() -> None:
    report = only(handler(), make_position_value("EURUSD", "1000", "1.3"))
    assert measure(report, "historical_var", confidence_bp="9500").value is not None


def test_empty_book_has_no_var_and_no_ratios() -> None:
    report = only(handler())
    assert measure(report, "historical_var", confidence_bp="9900").value == 0.0
    assert measure(report, "concentration").reason == "flat_book"


def test_live_report_is_the_last_message_of_its_portfolio() -> None:
    risk = handler()
    live = make_valuation("P", "14:31", AAA)
    official = make_valuation("P", "14:30", AAA, basis="bar", revision=1)
    assert [report.basis for report in risk.handle([live, official], NOW).reports] == ["bar", "last"]
    assert [report.basis for report in risk.handle([official], NOW).reports] == ["bar", "last"]


def test_older_live_valuation_is_not_published_after_a_newer_one() -> None:
    risk = handler()
    risk.handle([make_valuation("P", "14:31", AAA)], NOW)
    (report,) = risk.handle([make_valuation("P", "14:30", AAA)], NOW).reports
    assert report.as_of == moment("14:31")


def test_official_reports_are_stored_and_live_ones_once_a_minute() -> None:
    risk = handler()

    def stored(at: str, basis: str = "last") -> list[tuple[str, datetime]]:
        effects = risk.handle([make_valuation("P", at, AAA, basis=basis)], NOW)
        return [(report.basis, report.as_of) for report in effects.stored]

    assert stored("14:30:01") == [("last", moment("14:30:01"))]
    assert stored("14:30:59") == []
    assert stored("14:30", "bar") == [("bar", moment("14:30"))]
    assert stored("14:31:00") == [("last", moment("14:31"))]


def test_new_history_reports_the_newest_again() -> None:
    risk = handler(DailyHistory("empty"))
    risk.handle([make_valuation("P", "14:30", AAA), make_valuation("Q", "14:31", BBB, basis="bar")], NOW)
    risk.state.replace_history(HISTORY)
    reports = risk.handle(risk.state.newest(), NOW).reports
    assert [(report.portfolio_id, report.basis, report.history_version) for report in reports] == [
        ("Q", "bar", "v1"),
        ("P", "last", "v1"),
    ]
    assert all(measure(report, "historical_var", confidence_bp="9500").value for report in reports)


def test_rows_name_their_inputs() -> None:
    report = only(handler(), AAA)
    rows = to_rows([report])
    assert len(rows) == len(report.measures)
    row = rows[0]
    assert (row["portfolio_id"], row["measure"], row["value"]) == (
        "P",
        "historical_var",
        report.measures[0].value,
    )
    assert row["evidence"]["history_version"] == "v1"
    assert row["valuation_id"] == report.valuation_id


def head(portfolio: str, basis: str, at: str) -> ValuationHead:
    return ValuationHead(portfolio, basis, moment(at))


def test_conflation_keeps_the_newest_live_and_every_official_one() -> None:
    waiting: Conflator[int] = Conflator()
    offered = [
        (head("P", "last", "14:30"), b"P live old"),
        (head("Q", "last", "14:30"), b"Q live"),
        (head("P", "bar", "14:25"), b"P 14:25 first"),
        (head("P", "bar", "14:30"), b"P 14:30"),
        (head("P", "bar", "14:25"), b"P 14:25 revised"),
        (head("P", "last", "14:31"), b"P live new"),
    ]
    for token, (about, value) in enumerate(offered):
        waiting.offer(about, value, token)
    assert len(waiting) == 6
    values, tokens = waiting.take()
    assert values == [b"Q live", b"P 14:30", b"P 14:25 revised", b"P live new"]
    assert tokens == [0, 1, 2, 3, 4, 5]
    assert waiting.take() == ([], [])


def test_beta_is_measured_against_the_benchmark_of_the_history() -> None:
    report = only(handler(replace(HISTORY, benchmark="BBB")), AAA)
    known = PRICES[np.datetime64("2013-10-07") > DAYS][-501:]
    returns = known[1:] / known[:-1] - 1
    beta = measure(report, "beta")
    assert beta.value == pytest.approx(np.polyfit(returns[:, 1], returns[:, 0], 1)[0])
    assert (beta.details["benchmark"], beta.details["scenarios"]) == ("BBB", "500")


def test_without_history_of_the_benchmark_there_is_no_beta() -> None:
    beta = measure(only(handler(), AAA), "beta")
    assert (beta.value, beta.reason) == (None, "no_history")
    assert "SPY" in beta.details["message"]


def test_concentration_uses_the_labels_of_the_positions() -> None:
    energy = make_position_value("AAA", "10", "100", sector="Energy", issuer="Acme")
    cash = make_position_value("USD", "9000", "1", asset_class="cash")
    report = only(handler(), energy, BBB, cash)
    issuers, sectors = measure(report, "issuer_concentration"), measure(report, "sector_concentration")
    assert issuers.value == sectors.value == pytest.approx(100 * 1000 / 1200)
    assert (issuers.details["name"], sectors.details["name"]) == ("Acme", "Energy")


def test_var_of_a_parent_is_that_of_its_merged_book_and_never_a_sum() -> None:
    """Long 10 in one child and short 10 in the other are nothing together, whatever each risks alone."""
    children = [only(handler(), make_position_value("AAA", units, "100")) for units in ("10", "-10")]
    merged = make_position_value("AAA", "0", "100")
    parent = only(handler(), merged, members=("LONG", "SHORT"))
    var = [measure(one, "historical_var", confidence_bp="9500").value for one in (parent, *children)]
    assert var[0] == 0
    assert min(var[1:]) > 0
