"""The live path: ticks in; provisional bars at window close, forming bars at most once a second."""

from collections.abc import Iterable, Sequence

import msgspec

from bar_aggregator.core.bar_builder import WINDOW_US, BarBuilder, MixedCurrency, window_start_us
from bar_aggregator.core.compare import RecentBars
from bar_aggregator.core.replays import HighWaterMarks
from bar_aggregator.core.watermark import Watermark
from chassis.bus import Output, Record
from chassis.clock import Clock
from contracts import Bar, Tick, topics
from contracts.codec import decoder, encode

_decode_tick = decoder(Tick).decode


class Progress(msgspec.Struct, frozen=True):
    """The metadata of a committed offset."""

    watermark_us: int | None = None
    next: int = 0
    """the offset that was read next, while the committed one may be held back by open windows"""


class OpenWindow:
    """A window that is being built, and where its ticks begin in the log. No bar is made of one set aside."""

    __slots__ = ("builder", "first_offsets", "set_aside")

    def __init__(self, tick: Tick, record: Record) -> None:
        self.builder = BarBuilder(tick)
        self.first_offsets = {record.partition: record.offset}
        self.set_aside = False

    def add(self, tick: Tick, record: Record) -> None:
        """Raises MixedCurrency the first time a tick does not go with the others."""
        self.first_offsets.setdefault(record.partition, record.offset)
        if self.set_aside:
            return
        try:
            self.builder.update(tick)
        except MixedCurrency:
            self.set_aside = True
            raise


class LiveBars:
    """All open windows. Everything is rebuilt from the committed offsets after a restart."""

    def __init__(
        self, clock: Clock, watermark: Watermark, forming_interval_s: float, recent: RecentBars
    ) -> None:
        self._clock = clock
        self._watermark = watermark
        self._forming_interval_s = forming_interval_s
        self._recent = recent
        self._replays = HighWaterMarks()
        self._open: dict[tuple[str, int], OpenWindow] = {}
        self._closed_until_us = 0
        self._next: dict[int, int] = {}
        self._counted_until: dict[int, int] = {}
        self._ended: set[int] = set()
        self._changed: dict[str, int] = {}
        self._formed_at_s: dict[str, float] = {}
        self._set_aside: list[tuple[str, int]] = []
        self.late = 0
        self.made = {"forming": 0, "provisional": 0}

    def restore(self, committed: dict[int, tuple[int, str]], partitions: Iterable[int]) -> None:
        """Begin at the committed offsets with what their metadata say."""
        self._watermark.assign(partitions)
        for partition, (_, metadata) in committed.items():
            progress = msgspec.json.decode(metadata or "{}", type=Progress)
            self._counted_until[partition] = progress.next
            if progress.watermark_us is not None:
                self._watermark.restore(progress.watermark_us)
        self._closed_until_us = window_start_us(self._watermark.value_us or 0)

    def handle(self, records: Sequence[Record]) -> list[Output]:
        """Take in ticks; what follows from them comes out of `on_turn`."""
        for record in records:
            tick = _decode_tick(record.value or b"")
            partition = record.partition
            self._next[partition] = record.offset + 1
            self._watermark.saw(partition, tick.ts_event_us)
            if self._replays.is_replay(tick.raw_partition, tick.raw_offset, partition):
                continue
            start_us = window_start_us(tick.ts_event_us)
            if start_us < self._closed_until_us:
                # Read again after a restart it is no news; otherwise the Silver job makes a revision of it.
                self.late += record.offset >= self._counted_until.get(partition, 0)
                continue
            self._add(tick, record, start_us)
            self._changed[tick.symbol] = max(start_us, self._changed.get(tick.symbol, 0))
        return []

    def take_set_aside(self) -> list[tuple[str, int]]:
        """Windows, as (symbol, start), that turned out to have more than one currency since the last call."""
        taken, self._set_aside = self._set_aside, []
        return taken

    def on_end(self, topic: str, partition: int) -> None:
        """A partition was read to its end. Its last ticks may still be waiting to be handled."""
        self._ended.add(partition)

    def on_turn(self) -> list[Output]:
        """Close the windows that the watermark has passed, then show the forming bars that are due."""
        now_s, now_us = self._clock.monotonic(), self._clock.now_us()
        for partition in self._ended:
            self._watermark.at_end(partition, now_s)
        self._ended.clear()
        bars = self._close(window_start_us(self._watermark.advance(now_s) or 0), now_us)
        bars += self._form(now_s, now_us)
        for bar in bars:
            self.made[bar.status] += 1
        return [Output(topics.BARS.name, encode(bar), bar.symbol.encode()) for bar in bars]

    def commit_offset(self, topic: str, partition: int, next_offset: int) -> int:
        """The smallest offset that an open window needs, so that a restart rebuilds it."""
        return min(
            (window.first_offsets.get(partition, next_offset) for window in self._open.values()),
            default=next_offset,
        )

    def metadata(self, topic: str, partition: int) -> str:
        """What is committed beside the offset."""
        progress = Progress(self._watermark.value_us, self._next.get(partition, 0))
        return msgspec.json.encode(progress).decode()

    def _add(self, tick: Tick, record: Record, start_us: int) -> None:
        window = self._open.get((tick.symbol, start_us))
        if window is None:
            self._open[tick.symbol, start_us] = OpenWindow(tick, record)
            return
        try:
            window.add(tick, record)
        except MixedCurrency:
            self._set_aside.append((tick.symbol, start_us))

    def _close(self, until_us: int, now_us: int) -> list[Bar]:
        if until_us <= self._closed_until_us:
            return []
        self._closed_until_us = until_us
        passed = sorted(
            (start_us, symbol) for symbol, start_us in self._open if start_us + WINDOW_US <= until_us
        )
        bars = []
        for start_us, symbol in passed:
            window = self._open.pop((symbol, start_us))
            if window.set_aside:
                continue
            bar = window.builder.build("provisional", now_us)
            self._recent.add(bar)
            bars.append(bar)
        return bars

    def _form(self, now_s: float, now_us: int) -> list[Bar]:
        bars = []
        for symbol, start_us in list(self._changed.items()):
            window = self._open.get((symbol, start_us))
            if window is None or window.set_aside:  # closed meanwhile, and shown as provisional; or no bar
                del self._changed[symbol]
            elif now_s - self._formed_at_s.get(symbol, -self._forming_interval_s) >= self._forming_interval_s:
                self._formed_at_s[symbol] = now_s
                del self._changed[symbol]
                bars.append(window.builder.build("forming", now_us))
        return bars
