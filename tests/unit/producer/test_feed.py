"""The simulator's feed with faults, and the loop that sends a feed."""

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from chassis.bus import Output
from chassis.clock import FixedClock
from chassis.kafka import Delivery
from chassis.shutdown import StopSignal
from producer.adapters.calibration import load_market
from producer.core.events import Event
from producer.core.faults import Faults
from producer.core.pacing import FOREVER_US, MAX_SPEED, Pace
from producer.core.simulator import SimulationPlan, Simulator
from producer.handlers import SimulatorFeed
from producer.loop import run

MARKET = load_market()
SECOND_US = 1_000_000
FAULTS = Faults(
    duplicate_share=0.05, malformed_share=0.05, late_share=0.05, late_by_s=2, out_of_order_share=0.1
)


def feed(
    faults: Faults | None = None, seconds: float | None = 4, catch_up_s: float | None = None
) -> SimulatorFeed:
    simulator = Simulator(MARKET, SimulationPlan(seed=5, start_us=0))
    end_us = None if seconds is None else round(seconds * SECOND_US)
    return SimulatorFeed(simulator, faults or Faults(), 5, end_us=end_us, catch_up_s=catch_up_s)


def drained(source: SimulatorFeed, turn_us: int) -> list[Event]:
    taken: list[Event] = []
    until_us = 0
    while source.due_us() is not None:
        until_us += turn_us
        taken += source.take(until_us, 10_000)
    return taken


def test_events_do_not_depend_on_when_they_are_taken() -> None:
    expected = drained(feed(FAULTS), FOREVER_US)
    assert drained(feed(FAULTS), 20_000) == expected
    assert drained(feed(FAULTS), 333_333) == expected


def test_faults_leave_the_good_ticks_as_they_were() -> None:
    clean = {event.value for event in drained(feed(), FOREVER_US)}
    faulty = drained(feed(FAULTS), FOREVER_US)
    assert {event.value for event in faulty if event.kind == "good"} == clean
    counts = Counter(event.kind for event in faulty)
    assert counts["good"] == len(clean) == 2000
    assert 50 < counts["duplicate"] < 160
    assert 50 < counts["malformed"] < 160


def test_nothing_is_sent_before_its_time() -> None:
    source = feed(FAULTS)
    for until_us in range(0, 4 * SECOND_US, 50_000):
        for event in source.take(until_us, 10_000):
            if event.kind == "good":
                assert msgspec.json.decode(event.value)["ts_event"] < "1970-01-01T00:00:04"
                moment = msgspec.json.decode(event.value)["ts_event"][17:-1]
                assert float(moment) * 1e6 <= until_us


def test_a_feed_that_slept_leaves_out_what_it_missed() -> None:
    source = feed(seconds=None, catch_up_s=10)
    assert len(source.take(5 * SECOND_US, 100_000)) == 2500
    taken = source.take(3605 * SECOND_US, 100_000)
    assert len(taken) <= 20
    assert len(source.take(3606 * SECOND_US, 100_000)) == 500


@dataclass
class RecordingPublisher:
    """Acknowledges everything at once."""

    outputs: list[Output] = field(default_factory=list)

    def send_all(self, outputs: list[Output]) -> Delivery:
        self.outputs += outputs
        return Delivery()

    def poll(self, timeout_s: float = 0.0) -> None: ...

    def wait(self, delivery: Delivery) -> None: ...


class JumpingStop(StopSignal):
    """A stop signal whose waiting moves the clock instead of sleeping."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__()
        self._clock = clock
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self._clock.advance_s(timeout or 0.0)
        return self.is_set()


def test_loop_sends_at_the_pace() -> None:
    clock, publisher = FixedClock(0), RecordingPublisher()
    stop = JumpingStop(clock)
    sent = run(feed(seconds=4), Pace(0, 2.0), publisher, clock, stop)  # type: ignore[arg-type]
    assert sent.total == len(publisher.outputs) == 2000
    assert 1.9 < sent.seconds < 2.1
    assert all(0.01 <= wait <= 0.5 for wait in stop.waits)


def test_loop_at_maximal_speed_never_waits() -> None:
    clock, publisher = FixedClock(0), RecordingPublisher()
    stop = JumpingStop(clock)
    sent = run(feed(FAULTS), Pace(0, MAX_SPEED), publisher, clock, stop)  # type: ignore[arg-type]
    assert stop.waits == []
    assert sent.counts["good"] == 2000
    assert {output.topic for output in publisher.outputs} == {"marketdata.ticks.raw.v1"}


def test_loop_ends_when_stopped() -> None:
    clock = FixedClock(0)
    stop = JumpingStop(clock)
    sent = run(
        feed(seconds=None),
        Pace(0),
        RecordingPublisher(),  # type: ignore[arg-type]
        clock,
        stop,
        lambda sent: stop.set() if sent.total >= 100 else None,
    )
    assert 100 <= sent.total < 200
