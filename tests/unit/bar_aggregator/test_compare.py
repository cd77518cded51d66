"""Provisional bars are measured against the first final bar of their window."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from bar_aggregator.core.bar_builder import WINDOW_US, BarBuilder
from bar_aggregator.core.compare import RecentBars
from contracts import Bar, Tick


@pytest.fixture
def bar(tick: Callable[..., Tick]) -> Bar:
    return BarBuilder(tick(WINDOW_US)).build("provisional", 5)


def final(bar: Bar, **changes: object) -> Bar:
    return msgspec.structs.replace(bar, **({"status": "final", "revision": 1} | changes))


def test_equal_bars_have_no_differences(bar: Bar) -> None:
    recent = RecentBars(5)
    recent.add(bar)
    assert recent.compare(final(bar, close_reporting=Decimal(1), reporting_currency="EUR")) == ()


def test_differences_are_named(bar: Bar) -> None:
    recent = RecentBars(5)
    recent.add(bar)
    assert recent.compare(final(bar, volume=11, close=Decimal("1.01"))) == ("close", "volume")


def test_each_provisional_bar_is_measured_once(bar: Bar) -> None:
    recent = RecentBars(5)
    recent.add(bar)
    recent.compare(final(bar))
    assert recent.compare(final(bar)) is None


def test_corrections_are_not_measured(bar: Bar) -> None:
    recent = RecentBars(5)
    recent.add(bar)
    assert recent.compare(final(bar, revision=2, volume=11)) is None


def test_only_the_newest_are_kept(tick: Callable[..., Tick]) -> None:
    recent = RecentBars(2)
    bars = [BarBuilder(tick(number * WINDOW_US)).build("provisional", 5) for number in range(4)]
    for one in bars:
        recent.add(one)
    assert len(recent) == 2
    assert [recent.compare(final(one)) for one in bars] == [None, None, (), ()]
