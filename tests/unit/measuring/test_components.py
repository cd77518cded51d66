"""What a closing value is made of: the parts of its risk, what has no part and why, what is stored."""

import datetime as dt
from decimal import Decimal as D

import numpy as np
import pytest
from tests.unit.reports.risks import BOOK, closing, history, position

from contracts import RiskReport, Valuation
from measuring.adapters.components import to_rows
from measuring.core.components import RiskSplit, splits_of
from measuring.core.history import DailyHistory, FactorCache
from measuring.core.reports import book_of, factors_of, report_of
from quant import DatedSeries

RECORDED = dt.datetime(2013, 10, 7, 21, 1, tzinfo=dt.UTC)


def measured(valuation: Valuation, known: DailyHistory | None = None) -> tuple[RiskReport, list[RiskSplit]]:
    cache = FactorCache(known or noisy(), "USD")
    book = book_of(valuation, factors_of(cache, valuation))
    report = report_of(valuation, book, "v1", RECORDED)
    return report, list(splits_of(valuation, book, report))


def noisy() -> DailyHistory:
    """The history of the report tests, each name with moves of its own."""
    plain, random = history(), np.random.default_rng(5)
    prices = {
        name: DatedSeries(
            one.dates, 100 * np.exp(random.normal(0, 0.01, len(one.dates)).cumsum()), one.currency
        )
        for name, one in plain.prices.items()
    }
    return DailyHistory("v1", prices=prices, quotes=plain.quotes)


def test_components_add_up_to_the_reported_numbers() -> None:
    report, splits = measured(closing(*BOOK))
    reported = {(row.measure, row.parameters["confidence_bp"]): row.value for row in report.measures[:6]}
    assert [one.measure for one in splits] == ["historical_var", "expected_shortfall"]
    for split in splits:
        parts = [one.share for one in split.positions if one.share is not None]
        assert len(parts) == len(BOOK)
        assert sum((part.component for part in parts), D(0)) == split.total
        assert float(split.total or 0) == pytest.approx(reported[split.measure, "9900"], abs=1e-8)
        assert sum(part.percent or 0.0 for part in parts) == pytest.approx(100)


def test_a_component_is_the_loss_in_the_scenario_of_the_value_at_risk() -> None:
    report, (split, _) = measured(closing(*BOOK))
    day = np.datetime64(
        next(
            row.details["scenario_date"]
            for row in report.measures
            if row.parameters == dict(split.parameters) and row.measure == split.measure
        )
    )
    series = noisy().prices["BAC"]
    (row,) = np.flatnonzero(series.dates == day)
    gained = -400 * (series.values[row] / series.values[row - 1] - 1)
    share = split.positions[1].share
    assert share is not None
    assert float(share.component) == pytest.approx(-gained, abs=1e-8)
    assert share.marginal == pytest.approx(-gained / -400)


def test_a_position_without_a_price_has_no_component_but_a_reason() -> None:
    _, splits = measured(closing(*BOOK, position("XYZ", None)))
    for split in splits:
        assert split.positions[-1].reason == "unpriced"
        assert split.positions[-1].share is None
        assert [one.reason for one in split.positions[:-1]] == [None] * len(BOOK)


def test_a_number_that_is_missing_leaves_its_reason_with_every_position() -> None:
    _, splits = measured(closing(*BOOK, position("NEW", "5")))
    assert {one.total for one in splits} == {None}
    assert {one.reason for split in splits for one in split.positions} == {"no_history"}


def test_a_book_without_positions_has_a_split_of_nothing() -> None:
    _, splits = measured(closing())
    assert [(one.total, one.positions) for one in splits] == [(D(0), ())] * 2


def test_what_was_stored_and_is_held_no_more_loses_its_component() -> None:
    _, (split, _) = measured(closing(*BOOK))
    rows = {row["symbol"]: row for row in to_rows(split, {"AIG", "GONE"})}
    assert rows.keys() == {"AIG", "BAC", "SAP", "GONE"}
    assert (rows["GONE"]["component"], rows["GONE"]["reason"]) == (None, "not_held")
    assert rows["AIG"]["reason"] is None
    assert rows["AIG"]["parameters"] == "confidence_bp=9900,horizon_days=1,method=historical,window=500"
