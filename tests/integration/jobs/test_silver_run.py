"""Touched windows become revisions; repeating changes nothing; late ticks are told."""

from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from jobs.bronze_ticks import BronzeTicks
from jobs.fx_history import DAILY_RANK, FxHistory, Quote, fx_history
from jobs.lake import Lake
from jobs.revisions import ReportingRule, SilverBar
from jobs.silver_bars import WINDOW_US
from jobs.silver_run import Finalised, SilverRun
from jobs.touched_windows import TouchedWindows
from testkit.bronze import messages, tick

pytestmark = pytest.mark.integration
T0 = 1_381_150_000_000_000 - 1_381_150_000_000_000 % WINDOW_US


class Bars:
    """Bronze and the Silver run on one lake, and the ticks sent so far."""

    def __init__(self, spark: SparkSession, lake: Lake) -> None:
        self.spark, self.lake, self.offset = spark, lake, 0
        self.bronze = BronzeTicks(spark, lake)
        self.run = SilverRun(spark, lake, ReportingRule("USD"))
        self.touched = TouchedWindows(lake)

    def send(self, *ticks: dict[str, object]) -> None:
        placed = [{**one, "raw_offset": self.offset + place} for place, one in enumerate(ticks)]
        self.bronze.write(messages(self.spark, placed, first=self.offset), "query", self.offset)
        self.offset += len(ticks)

    def finalise(self, rates: FxHistory | None = None, forget: bool = True) -> Finalised:
        windows = self.touched.find(now_us=1)
        if not windows:
            return Finalised((), ())
        done = self.run.finalise(windows, 1, frozenset({"EURUSD"}), rates or FxHistory())
        if forget:
            self.touched.forget(windows)
            assert self.touched.find(now_us=1) == []
        return done


@pytest.fixture
def bars(spark: SparkSession, lake: Lake) -> Bars:
    return Bars(spark, lake)


def brief(changed: tuple[SilverBar, ...]) -> list[tuple[int, int, int]]:
    return sorted((bar.window_start_us - T0, bar.revision, bar.trades) for bar in changed)


def test_only_touched_windows_change_and_a_late_tick_is_a_revision(bars: Bars) -> None:
    bars.send(tick(0, T0), tick(1, T0 + 1), tick(2, T0 + WINDOW_US))
    assert brief(bars.finalise().changed) == [(0, 1, 2), (WINDOW_US, 1, 1)]
    assert bars.finalise().changed == ()

    bars.send(tick(3, T0 + 2, 50_0000_0000), tick(4, T0 + 3))
    done = bars.finalise()
    assert brief(done.changed) == [(0, 2, 4)]
    assert brief(done.bars) == [(0, 1, 2), (0, 2, 4)]
    was, became = sorted(done.bars, key=lambda bar: bar.revision)
    assert (was.low, became.low) == (Decimal(100), Decimal(50))
    [late] = bars.run.late_ticks([(was, became)]).values()
    assert (late.count, late.tick_ids) == (2, ("feed/AAA/3", "feed/AAA/4"))


def test_a_duplicate_is_no_revision_not_even_in_another_window(bars: Bars) -> None:
    bars.send(tick(0, T0), tick(1, T0 + 1))
    bars.finalise()
    bars.send(tick(1, T0 + 1), tick(0, T0 + 5 * WINDOW_US), tick(7, T0 + 5 * WINDOW_US))
    assert brief(bars.finalise().changed) == [(5 * WINDOW_US, 1, 1)]


def test_a_tick_in_two_windows_of_one_run_counts_where_it_was_accepted_first(bars: Bars) -> None:
    again = tick(1, T0 + WINDOW_US, currency="EUR")
    bars.send(tick(0, T0), tick(1, T0 + 1), again, tick(7, T0 + WINDOW_US))
    assert brief(bars.finalise().changed) == [(0, 1, 2), (WINDOW_US, 1, 1)]


def test_a_run_that_was_cut_off_is_repeated_without_a_second_revision(bars: Bars) -> None:
    bars.send(tick(0, T0))
    first = bars.finalise(forget=False)
    second = bars.finalise()
    assert brief(first.changed) == [(0, 1, 1)]
    assert second.changed == ()
    assert second.bars == first.bars


def test_a_close_is_reported_at_the_pair_s_own_bar_before_a_daily_rate(bars: Bars) -> None:
    rates = fx_history([("EURUSD", Quote(T0 - 1, DAILY_RANK, Decimal("1.30"), "daily"))])
    bars.send(tick(0, T0, currency="EUR"))
    [bar] = bars.finalise(rates).changed
    assert (bar.close_reporting, bar.rate_sources) == (Decimal("130.00000000"), "daily")

    pair = {"symbol": "EURUSD", "volume": 0, "exchange": "XOFF", "tick_id": "feed/EURUSD/1"}
    bars.send(tick(1, T0 + WINDOW_US, 1_4000_0000, **pair), tick(2, T0 + WINDOW_US + 1, currency="EUR"))
    [quote, bar] = sorted(bars.finalise(rates).changed, key=lambda one: one.symbol, reverse=True)
    assert (quote.symbol, quote.vwap, quote.close) == ("EURUSD", None, Decimal("1.40000000"))
    assert bar.close_reporting == Decimal("140.00000000")

    bars.send(tick(3, T0 + 2 * WINDOW_US, currency="EUR"))
    [bar] = bars.finalise(rates).changed
    assert (bar.reporting_rate, bar.revision) == (Decimal("1.4"), 1)


def test_a_window_with_two_currencies_gets_no_bar_and_all_others_do(bars: Bars) -> None:
    """Also when it had one: the bar that was right before the tick in another currency stays as it is."""
    bars.send(tick(0, T0), tick(1, T0, symbol="BBB", tick_id="feed/BBB/1"))
    assert brief(bars.finalise().changed) == [(0, 1, 1), (0, 1, 1)]
    mixed = tick(3, T0 + WINDOW_US), tick(4, T0 + WINDOW_US, currency="EUR")
    bars.send(
        tick(2, T0 + 1, currency="EUR"), *mixed, tick(5, T0 + WINDOW_US, symbol="BBB", tick_id="feed/BBB/2")
    )
    done = bars.finalise()
    assert [(bar.symbol, bar.window_start_us - T0) for bar in done.changed] == [("BBB", WINDOW_US)]
    assert sorted(done.mixed) == [("AAA", T0), ("AAA", T0 + WINDOW_US)]
    assert [(bar.revision, bar.currency) for bar in done.bars if bar.symbol == "AAA"] == [(1, "USD")]
    bars.send(tick(6, T0 + 2 * WINDOW_US, currency="EUR"))
    assert brief(bars.finalise().changed) == [(2 * WINDOW_US, 1, 1)]
