"""Replays a file."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chassis.clock import Clock
from chassis.kafka import Publisher, new_producer
from chassis.shutdown import StopSignal
from producer.adapters.files import read_rows
from producer.core.faults import Faults
from producer.core.pacing import MAX_SPEED, Pace
from producer.core.replay import Retiming, Selection, normalise, select
from producer.handlers import ReplayFeed
from producer.loop import Sent, run


@dataclass(frozen=True)
class ReplayRequest:
    """What to replay and how."""

    file: Path
    bootstrap: str
    speed: float = MAX_SPEED
    retime: bool = False
    source: str | None = None
    zone: str | None = None
    selection: Selection = field(default_factory=Selection)
    faults: Faults = field(default_factory=Faults)
    seed: int = 0


@dataclass(frozen=True)
class Summary:
    """What a replay sent: sent = rows + duplicates + malformed, unless it was stopped."""

    file: str
    source: str
    rows: int
    sent: int
    duplicates: int
    malformed: int
    seconds: float
    ticks_per_second: int

    def as_dict(self) -> dict[str, str | int | float]:
        return asdict(self)

    def as_text(self) -> str:
        return (
            f"sent {self.sent} events of {self.file} as {self.source} in {self.seconds} s "
            f"({self.ticks_per_second}/s): {self.rows} rows, {self.duplicates} duplicates, "
            f"{self.malformed} malformed"
        )


OnTurn = Callable[[int, Sent], None]
"""Called with the number of events in total and what was sent so far."""


def replay(request: ReplayRequest, clock: Clock, stop: StopSignal, on_turn: OnTurn) -> Summary:
    """Send the file; FileError when it cannot be replayed, PublishError when the broker refuses."""
    source = source_name(request, clock.now_us())
    rows = select(normalise(read_rows(request.file), source, request.zone), request.selection)
    retiming = retime(request, int(rows["ts_us"][0]), int(rows["ts_us"][-1]), clock.now_us())
    feed = ReplayFeed(rows, request.faults, request.seed, retiming)
    pace = Pace(int(rows["ts_us"][0]), request.speed)
    publisher = Publisher(new_producer(request.bootstrap, "producer-replay"))
    sent = run(feed, pace, publisher, clock, stop, lambda sent: on_turn(len(feed), sent))
    return Summary(
        file=str(request.file),
        source=source,
        rows=sent.counts["good"],
        sent=sent.total,
        duplicates=sent.counts["duplicate"],
        malformed=sent.counts["malformed"],
        seconds=round(sent.seconds, 3),
        ticks_per_second=round(sent.total / sent.seconds) if sent.seconds else sent.total,
    )


def source_name(request: ReplayRequest, now_us: int) -> str:
    """The file's name; a retimed replay is another feed each time, since its ticks are others."""
    name = request.source or request.file.stem
    return f"{name}@{now_us}" if request.retime else name


def retime(request: ReplayRequest, first_us: int, last_us: int, now_us: int) -> Retiming | None:
    """The first tick is now and the others follow as they are sent, so none is dated ahead.

    At maximal speed there is no such time: then the last tick is now and the distances stay.
    """
    if not request.retime:
        return None
    if request.speed == MAX_SPEED:
        return Retiming(first_us, now_us - (last_us - first_us))
    return Retiming(first_us, now_us, request.speed)
