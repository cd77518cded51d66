from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from jobs.fx_history import DAILY_RANK, FxHistory, Quote, fx_history
from jobs.revisions import CONTENT, ReportingRule, SilverBar, revised, with_reporting_close

BAR = SilverBar(
    symbol="VOD",
    trade_date=date(2013, 10, 7),
    window_start_us=300_000_000,
    window_end_us=600_000_000,
    open=Decimal("2.10"),
    high=Decimal("2.20"),
    low=Decimal("2.00"),
    close=Decimal("2.15"),
    vwap=Decimal("2.12345678"),
    notional_e8=Decimal(21234567800),
    volume=100,
    trades=3,
    currency="GBP",
    first_tick_id="t/VOD/1",
    last_tick_id="t/VOD/3",
    as_of_us=599_000_000,
    kafka_partition=2,
    last_offset=30,
)
STORED = replace(BAR, revision=1, recorded_at_us=1)


def changed_value(name: str) -> Any:
    value = getattr(BAR, name)
    return f"{value}x" if isinstance(value, str) else value + 1


def test_a_new_bar_is_revision_one() -> None:
    assert revised([BAR], {}, 7) == [replace(BAR, revision=1, recorded_at_us=7)]


def test_an_equal_bar_is_no_revision_even_when_read_up_to_a_later_offset() -> None:
    assert revised([replace(BAR, last_offset=99)], {BAR.key: STORED}, 7) == []


@pytest.mark.parametrize("name", CONTENT)
def test_any_difference_in_content_is_the_next_revision(name: str) -> None:
    corrected = replace(BAR, **{name: changed_value(name)})
    latest = replace(STORED, revision=4)
    assert revised([corrected], {BAR.key: latest}, 7) == [replace(corrected, revision=5, recorded_at_us=7)]


def test_a_close_is_reported_at_the_cross_rate_of_its_time() -> None:
    history = fx_history(
        [
            ("GBPUSD", Quote(0, DAILY_RANK, Decimal("1.60"), "GBPUSD daily")),
            ("EURUSD", Quote(0, DAILY_RANK, Decimal("1.28"), "EURUSD daily")),
            ("GBPUSD", Quote(600_000_001, 1, Decimal("9"), "a moment after the window")),
        ]
    )
    bar = with_reporting_close(BAR, history, ReportingRule("EUR", "USD"))
    assert bar.reporting_rate == Decimal("1.25")
    assert bar.close_reporting == Decimal("2.6875")
    assert bar.rate_sources == "GBPUSD daily, EURUSD daily"


def test_an_unconnected_currency_is_null_and_not_one() -> None:
    bar = with_reporting_close(BAR, FxHistory(), ReportingRule("USD"))
    assert (bar.close_reporting, bar.reporting_rate, bar.reporting_currency) == (None, None, "USD")


def test_the_reporting_currency_itself_needs_no_rate() -> None:
    bar = with_reporting_close(BAR, FxHistory(), ReportingRule("GBP"))
    assert (bar.close_reporting, bar.reporting_rate, bar.rate_sources) == (BAR.close, Decimal(1), None)
