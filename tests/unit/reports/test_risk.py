"""The Risk Exposure report from rows: tails, exposure, stress, backtest, limits, what is missing."""

import datetime as dt
from decimal import Decimal as D

import pytest
from tests.unit.reports.books import MONDAY
from tests.unit.reports.risks import (
    BOOK,
    CLOSE,
    TAIL,
    closing,
    day_tested,
    limit,
    metric,
    position,
    risk_rows,
)

from quant import business_dates
from reports.core.document import Document, Table
from reports.core.risk.building import risk_exposure
from reports.core.risk.layout import document
from reports.core.risk.rows import RiskRows
from reports.core.risk.shapes import BookRisk, Stress


def only(rows: RiskRows) -> BookRisk:
    (book,) = risk_exposure(rows).portfolios
    return book


def stress_of(book: BookRisk, name: str) -> Stress:
    return next(one for one in book.stresses if one.name == name)


def test_tails_are_told_with_what_they_were_read_off_the_highest_confidence_first() -> None:
    first, second = only(risk_rows()).tails
    assert (first.confidence_bp, first.var, first.expected_shortfall) == (9900, 120.0, 150.0)
    assert (first.interval_lower, first.interval_upper, first.interval_coverage) == (90.5, 140.0, 0.981)
    assert (first.scenario_date, first.k, first.scenarios) == (dt.date(2011, 8, 8), 5, 500)
    assert first.percent_of_gross == pytest.approx(120 / 2000)
    assert (second.confidence_bp, second.var, second.expected_shortfall) == (9500, 80.0, None)
    assert second.shortfall_unavailable is not None
    assert second.shortfall_unavailable.reason == "not_stored"


def test_a_var_without_a_value_says_why() -> None:
    why = {"message": "12 scenarios; it needs 100"}
    report = risk_exposure(
        risk_rows(
            metrics=[
                metric("historical_var", None, TAIL.format(9900), reason="too_few_scenarios", details=why)
            ]
        )
    )
    (tail,) = report.portfolios[0].tails
    assert tail.var is None
    assert tail.percent_of_gross is None
    assert tail.unavailable is not None
    assert (tail.unavailable.reason, tail.unavailable.message) == ("too_few_scenarios", why["message"])
    assert not report.complete


def test_groups_add_up_and_a_pair_stands_for_two_currencies() -> None:
    pair = position(
        "EURUSD", "136", asset_class="fx", quantity=D(100), average_cost=D("1.30"), price_pnl_base=D(6)
    )
    cash = position("USD", "50", asset_class="cash")
    book = only(risk_rows(closings={"US": closing(*BOOK, pair, cash)}))
    by_class = {one.name: one.net for one in book.by_asset_class}
    assert by_class == {"equity": D(1200), "fx": D(136)}
    by_currency = {one.name: one.net for one in book.by_currency}
    assert by_currency == {"EUR": D(600) + D(136), "USD": D(600) + D(50) - D(130)}
    assert sum((one.share or D(0) for one in book.by_currency), D(0)) == pytest.approx(D(1))


def test_shocks_move_the_closing_book() -> None:
    cash = position("USD", "50", asset_class="cash")
    book = only(risk_rows(closings={"US": closing(*BOOK, cash)}))
    assert stress_of(book, "shares_down_10").pnl == pytest.approx(-120.0)
    assert stress_of(book, "shares_down_10").percent == pytest.approx(-120 / 2050)
    assert stress_of(book, "currencies_up_10").pnl == pytest.approx(60.0)


def test_a_period_replays_what_happened_and_one_out_of_reach_says_so() -> None:
    book = only(risk_rows())
    assert stress_of(book, "us_downgrade_2011").pnl == pytest.approx(
        1000 * (0.9 * 1.02 - 1) - 400 * (0.9 * 1.01 - 1) + 600 * (0.9 - 1), abs=50
    )
    beyond = stress_of(book, "black_monday_1987")
    assert beyond.pnl is None
    assert beyond.unavailable is not None
    assert beyond.unavailable.reason == "no_history"


def test_the_zone_follows_from_losses_beyond_the_reported_var() -> None:
    dates = business_dates(dt.date(2012, 10, 1), MONDAY)[-250:]
    days = [day_tested(date, -101.0 if n % 50 == 0 else 10.0, 100.0) for n, date in enumerate(dates)]
    found = only(risk_rows(tested=days)).backtest
    assert (found.days, found.exceptions, found.zone) == (250, 5, "yellow")
    assert found.exception_dates == tuple(dates[::50])
    gaps = [day_tested(MONDAY, -101.0, None), day_tested(dates[0], None, 5.0)]
    nothing = only(risk_rows(tested=gaps)).backtest
    assert nothing.zone is None
    assert nothing.missing == 2
    assert nothing.unavailable is not None


def test_limits_come_worst_first_with_ages_in_market_time() -> None:
    opened = CLOSE - dt.timedelta(hours=3)
    breach = limit(
        "b",
        "BREACH",
        breach_id="b:2",
        breach_opened_at=opened,
        armed_state="BREACH",
        severity=2,
        actions=["x by y"],
    )
    unjudged = limit("never", None)
    cured = limit("c", "OK", value=50.0, breach_id="c:1", breach_opened_at=opened, armed_state="OK")
    states = risk_exposure(
        risk_rows(limits=[cured, unjudged, limit("u", "UNKNOWN", value=None), breach])
    ).limits
    assert [one.limit_id for one in states] == ["b", "u", "never", "c"]
    assert (states[0].age_seconds, states[0].breach_age_seconds, states[0].severity) == (7200.0, 10800.0, 2)
    assert states[0].utilisation == pytest.approx(1.1)
    assert states[1].utilisation is None
    assert (states[2].state, states[2].age_seconds) == ("NOT_JUDGED", None)
    assert (states[3].breach_open, states[3].breach_age_seconds) == (False, None)


def test_a_limit_breached_at_the_close_leads_the_report_without_any_live_event() -> None:
    found = document(risk_exposure(risk_rows(limits=[limit("shut", "BREACH"), limit("fine", "OK")])))
    assert found.warnings == ("1 limit breached: shut.",)
    assert breach_cells(found) == {"shut": "at the close; no live breach"}


def test_a_live_breach_that_the_close_does_not_confirm_is_named_apart() -> None:
    live = {"breach_id": "x:1", "breach_opened_at": CLOSE - dt.timedelta(hours=3), "armed_state": "BREACH"}
    old = limit("old", "OK", value=50.0, severity=1, **live)
    found = document(risk_exposure(risk_rows(limits=[old, limit("shut", "BREACH")])))
    assert found.warnings == (
        "1 limit breached: shut.",
        "1 live breach still open on a limit that is not breached at the close: old.",
    )
    assert breach_cells(found)["old"] == "severity 1, open 3 h; nobody has acted"


def breach_cells(found: Document) -> dict[object, object]:
    """What the table of limits to act on says of the breach of each."""
    pressing = found.sections[0].blocks[0]
    assert isinstance(pressing, Table)
    return {row.cells[0]: row.cells[-1] for row in pressing.rows}


def test_instruments_are_ranked_by_volatility_and_those_without_history_come_last() -> None:
    book = closing(*BOOK, position("NEW", "5"))
    ranked = risk_exposure(risk_rows(closings={"US": book})).volatilities
    assert [one.symbol for one in ranked] == ["AIG", "BAC", "SAP", "NEW"]
    assert ranked[0].name == "American International Group"
    assert ranked[0].volatility == pytest.approx(2 * (ranked[1].volatility or 0), rel=0.02)
    assert ranked[2].volatility == 0.0
    assert ranked[3].unavailable is not None
    assert ranked[3].unavailable.reason == "no_history"


def test_an_unpriced_position_makes_the_report_incomplete() -> None:
    assert risk_exposure(risk_rows()).complete
    assert not risk_exposure(risk_rows(closings={"US": closing(*BOOK, position("XYZ", None))})).complete
    nothing = risk_exposure(risk_rows(closings={}))
    assert (nothing.complete, nothing.as_of) == (False, None)
    assert nothing.portfolios[0].stresses == ()
