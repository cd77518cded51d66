"""When bars come out of the live path, and what a restart brings back."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bar_aggregator.core.bar_builder import WINDOW_US, BarBuilder
from bar_aggregator.core.compare import RecentBars
from bar_aggregator.core.watermark import Watermark
from bar_aggregator.handlers import LiveBars
from chassis.bus import Output, Record
from chassis.clock import FixedClock
from contracts import Bar, Tick, topics
from contracts.codec import decoder, encode

SECOND_US = 1_000_000
START_US = 1_381_152_600_000_000
TOPIC = topics.TICKS.name
Ticks = Callable[..., Tick]


class Log:
    """A ticks topic with two partitions, and a live path that reads it."""

    def __init__(self) -> None:
        self.records: dict[int, list[Record]] = defaultdict(list)
        self.clock = FixedClock(START_US)
        self.committed: dict[int, tuple[int, str]] = {}
        self.position = {0: 0, 1: 0}
        self.recent = RecentBars(100)
        self.start()

    def start(self) -> None:
        """A new process goes on at the committed offsets."""
        watermark = Watermark(allowed_lateness_us=2 * SECOND_US, idle_after_s=1.0)
        self.live = LiveBars(self.clock, watermark, 1.0, self.recent)
        self.live.restore(self.committed, (0, 1))
        self.position = {number: self.committed.get(number, (0, ""))[0] for number in (0, 1)}

    def append(self, *ticks: Tick, partition: int = 0) -> None:
        """Write ticks as the ingestor does: each from a raw event of its own."""
        log = self.records[partition]
        for tick in ticks:
            made = msgspec.structs.replace(tick, raw_offset=len(log))
            log.append(Record(TOPIC, partition, len(log), tick.symbol.encode(), encode(made), None, 0))

    def replay(self, count: int, partition: int = 0) -> None:
        """Write the last ticks again, as an ingestor does that crashed before its commit."""
        log = self.records[partition]
        for one in log[-count:]:
            log.append(msgspec.structs.replace(one, offset=len(log)))

    def turn(self, *partitions: int, at_end: Iterable[int] = (), commit: bool = True) -> list[Bar]:
        """One turn of the loop over everything new in these partitions."""
        batch = [one for number in partitions for one in self.records[number][self.position[number] :]]
        for number in at_end:
            self.live.on_end(TOPIC, number)
        outputs = [*self.live.handle(batch), *self.live.on_turn()]
        for one in batch:
            self.position[one.partition] = one.offset + 1
        if commit:
            for number in {one.partition for one in batch}:
                offset = self.live.commit_offset(TOPIC, number, self.position[number])
                self.committed[number] = offset, self.live.metadata(TOPIC, number)
        return [bar_in(output) for output in outputs]


def bar_in(output: Output) -> Bar:
    bar = decoder(Bar).decode(output.value or b"")
    assert (output.topic, output.key) == (topics.BARS.name, bar.symbol.encode())
    return bar


def shapes(bars: list[Bar]) -> list[tuple[str, str, int]]:
    return [(bar.symbol, bar.status, bar.trades) for bar in bars]


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_window_closes_when_the_watermark_passes_its_end(log: Log, tick: Ticks) -> None:
    log.append(tick(START_US), tick(START_US + SECOND_US), tick(START_US + WINDOW_US + SECOND_US))
    log.turn(1, at_end=[1])
    log.clock.advance_s(1)  # partition 1 is idle from here on
    assert shapes(log.turn(0)) == [("AAA", "forming", 1)]
    log.append(tick(START_US + WINDOW_US + 2 * SECOND_US))
    assert shapes(log.turn(0)) == [("AAA", "provisional", 2)]


def test_windows_close_together_in_order(log: Log, tick: Ticks) -> None:
    log.append(tick(START_US + WINDOW_US), tick(START_US), tick(START_US, symbol="BBB", tick_id="b"))
    log.append(tick(START_US + 2 * WINDOW_US + 2 * SECOND_US), partition=1)
    log.turn(1)
    log.append(tick(START_US + 2 * WINDOW_US + 2 * SECOND_US, seq=1))
    closed = [(bar.window_start, bar.symbol) for bar in log.turn(0) if bar.status == "provisional"]
    assert [symbol for _, symbol in closed] == ["AAA", "BBB", "AAA"]
    assert closed == sorted(closed)


def test_the_last_window_closes_when_all_partitions_are_silent_and_time_has_passed_it(
    log: Log, tick: Ticks
) -> None:
    log.append(tick(START_US))
    log.append(tick(START_US + WINDOW_US + 2 * SECOND_US, symbol="BBB"), partition=1)
    log.turn(0, 1, at_end=[0, 1])
    log.clock.advance_s(1)
    assert shapes(log.turn()) == [("AAA", "provisional", 1)]


def test_forming_bars_come_at_most_once_a_second_per_symbol(log: Log, tick: Ticks) -> None:
    log.append(tick(START_US), tick(START_US, symbol="BBB", tick_id="b"))
    assert shapes(log.turn(0)) == [("AAA", "forming", 1), ("BBB", "forming", 1)]
    log.append(tick(START_US + 1))
    assert log.turn(0) == []
    log.clock.advance_s(0.9)
    log.append(tick(START_US + 2))
    assert log.turn(0) == []
    log.clock.advance_s(0.1)
    assert shapes(log.turn()) == [("AAA", "forming", 3)]
    log.clock.advance_s(5)
    assert log.turn() == []  # nothing new


def test_late_ticks_are_counted_and_make_no_bar(log: Log, tick: Ticks) -> None:
    close_first_window(log, tick)
    log.append(tick(START_US + 7))
    assert all(bar.status != "provisional" for bar in log.turn(0))
    assert log.live.late == 1


def close_first_window(log: Log, tick: Ticks) -> None:
    log.append(tick(START_US), tick(START_US + 1))
    log.append(tick(START_US + WINDOW_US + 2 * SECOND_US, symbol="BBB", tick_id="b"))
    log.turn(1, at_end=[1])
    log.clock.advance_s(1)
    assert ("AAA", "provisional", 2) in shapes(log.turn(0))


def test_replays_of_the_ingestor_are_neither_late_nor_counted_twice(log: Log, tick: Ticks) -> None:
    close_first_window(log, tick)
    log.replay(3)
    log.turn(0)
    assert log.live.late == 0
    log.append(tick(START_US + 2 * WINDOW_US + 2 * SECOND_US))
    assert ("BBB", "provisional", 1) in shapes(log.turn(0))


def test_the_commit_is_held_back_to_the_first_tick_of_an_open_window(log: Log, tick: Ticks) -> None:
    close_first_window(log, tick)
    assert log.committed[0][0] == 2  # the tick of BBB, whose window is open
    log.append(tick(START_US + 2 * WINDOW_US + 2 * SECOND_US))
    log.turn(0)
    assert log.committed[0][0] == 3


def test_a_restart_rebuilds_open_windows_and_repeats_no_closed_one(log: Log, tick: Ticks) -> None:
    close_first_window(log, tick)
    log.append(tick(START_US + 5))  # late, before the restart
    log.append(tick(START_US + WINDOW_US + 3 * SECOND_US, symbol="BBB", tick_id="b2"))
    log.turn(0)
    log.start()
    assert log.position[0] == 2
    log.turn(0, 1, at_end=[1])
    log.clock.advance_s(1)
    assert log.live.late == 0  # counted by the process before
    log.append(tick(START_US + 2 * WINDOW_US + 2 * SECOND_US))
    assert [one for one in shapes(log.turn(0)) if one[1] == "provisional"] == [("BBB", "provisional", 2)]


def test_a_crash_before_the_commit_repeats_the_bar_as_it_was(log: Log, tick: Ticks) -> None:
    log.append(tick(START_US), tick(START_US + 1))
    log.turn(0, 1, at_end=[1])
    log.clock.advance_s(1)
    log.append(tick(START_US + WINDOW_US + 2 * SECOND_US))
    before = [one for one in log.turn(0, commit=False) if one.status == "provisional"]
    log.start()
    log.turn(1, at_end=[1])
    log.clock.advance_s(1)
    again = [one for one in log.turn(0) if one.status == "provisional"]
    assert [msgspec.structs.replace(one, recorded_at=before[0].recorded_at) for one in again] == before


def test_closed_bars_are_kept_for_comparison(log: Log, tick: Ticks) -> None:
    close_first_window(log, tick)
    assert len(log.recent) == 1


@given(
    st.lists(st.tuples(st.integers(0, 2 * SECOND_US), st.booleans()), min_size=1, max_size=60),
    st.data(),
)
def test_disorder_within_the_lateness_changes_no_bar(
    steps: list[tuple[int, bool]], data: st.DataObject
) -> None:
    """Ticks up to 2 s out of order, in batches of any size, with crashes in between: each window closes once,
    with exactly its ticks."""
    log, at_us, ticks = Log(), START_US, []
    for number, (step_us, jump) in enumerate(steps):
        at_us += step_us * (100 if jump else 1)
        ticks.append(make(at_us, number))
    arrival = sorted(ticks, key=lambda one: one.ts_event_us + data.draw(st.integers(0, 2 * SECOND_US - 1)))
    end = make(at_us + 10 * WINDOW_US, len(ticks))
    bars = []
    log.turn(1, at_end=[1])
    log.clock.advance_s(1)
    for one in [*arrival, end]:
        log.append(one)
        if data.draw(st.booleans()):
            bars += log.turn(0)
        if data.draw(st.integers(0, 9)) == 0:
            log.start()
            log.turn(1, at_end=[1])
            log.clock.advance_s(1)
    bars += log.turn(0)
    closed = {bar.window_start: bar for bar in bars if bar.status == "provisional"}
    assert sum(bar.status == "provisional" for bar in bars) == len(closed)
    assert sorted(map(content, closed.values())) == sorted(map(content, expected_bars(ticks)))
    assert log.live.late == 0


def make(ts_event_us: int, number: int) -> Tick:
    return Tick(
        tick_id=f"s/AAA/{number}",
        symbol="AAA",
        ts_event_us=ts_event_us,
        ts_ingest_us=ts_event_us,
        price_e8=10**8 + number * 7919 % 1000,
        currency="USD",
        exchange="XNAS",
        volume=number % 5,
        seq=number,
        raw_partition=0,
        raw_offset=0,
    )


def expected_bars(ticks: list[Tick]) -> list[Bar]:
    builders: dict[int, BarBuilder] = {}
    for one in ticks:
        start_us = one.ts_event_us // WINDOW_US
        if start_us in builders:
            builders[start_us].update(one)
        else:
            builders[start_us] = BarBuilder(one)
    return [builder.build("provisional", 0) for builder in builders.values()]


def content(bar: Bar) -> tuple[str, ...]:
    names = ("window_start", "open", "high", "low", "close", "vwap", "volume", "trades", "last_tick_id")
    return tuple(str(getattr(bar, name)) for name in names)


@pytest.mark.parametrize("order", [("USD", "EUR", "USD"), ("EUR", "USD", "USD")])
def test_a_window_with_two_currencies_is_set_aside_and_all_others_go_on(
    tick: Ticks, order: tuple[str, ...]
) -> None:
    log = Log()
    mixed = [tick(START_US + place, seq=place, currency=one) for place, one in enumerate(order)]
    log.append(*mixed, tick(START_US, symbol="BBB", tick_id="s/BBB/0"))
    assert shapes(log.turn(0)) == [("BBB", "forming", 1)]
    assert log.committed[0][0] == 0, "read again after a restart, like every open window"
    log.start()
    log.turn(0)
    assert log.live.take_set_aside() == [("AAA", START_US)]
    assert log.live.take_set_aside() == []
    # The next window has one currency again.
    later = START_US + WINDOW_US
    log.append(tick(later, currency="EUR"), tick(later + 3 * SECOND_US, symbol="BBB", tick_id="s/BBB/1"))
    bars = shapes(log.turn(0, 1, at_end=(1,)))
    log.clock.advance_s(2)
    bars += shapes(log.turn(1, at_end=(0, 1)))
    assert [bar for bar in bars if bar[1] == "provisional"] == [("BBB", "provisional", 1)]
    assert ("AAA", "forming", 1) in bars
