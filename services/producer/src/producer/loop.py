"""Takes events from a feed when they are due and sends them until the end or a stop signal."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from chassis import metrics
from chassis.bus import Output
from chassis.clock import Clock
from chassis.kafka import Delivery, Publisher
from chassis.shutdown import StopSignal
from contracts import topics
from producer.core.events import KINDS, Event, Feed
from producer.core.pacing import Pace

BATCH = 20_000
TURN_S = 0.01
"""Shortest sleep of a paced feed: events due within one turn go out together."""
LONGEST_SLEEP_S = 0.5
"""So that a stop signal, and a beat of the health check, never wait for a slow feed."""


@dataclass
class Sent:
    """What went out, by kind."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        return self.counts.total()


def run(
    feed: Feed,
    pace: Pace,
    publisher: Publisher,
    clock: Clock,
    stop: StopSignal,
    on_turn: Callable[[Sent], None] = lambda sent: None,
) -> Sent:
    """Send until the end or the stop; returns after the last acknowledgement. Raises PublishError.

    Time is taken from the clock's wall time, because a live feed dates its events with it.
    """
    sent, in_flight = Sent(), deque[Delivery]()
    started_us = clock.now_us()
    while not stop.is_set() and (due_us := feed.due_us()) is not None:
        elapsed_s = (clock.now_us() - started_us) / 1e6
        wait_s = pace.wait_s(due_us, elapsed_s)
        if wait_s > 0:
            stop.wait(min(max(wait_s, TURN_S), LONGEST_SLEEP_S))
        else:
            in_flight.append(_send(feed.take(pace.feed_time_us(elapsed_s), BATCH), publisher, sent))
        publisher.poll(0)
        while in_flight and in_flight[0].done():
            in_flight.popleft()
        on_turn(sent)
    for delivery in in_flight:
        publisher.wait(delivery)
    sent.seconds = (clock.now_us() - started_us) / 1e6
    return sent


def _send(events: list[Event], publisher: Publisher, sent: Sent) -> Delivery:
    delivery = publisher.send_all(Output(topics.TICKS_RAW.name, event.value, event.key) for event in events)
    counts = Counter(event.kind for event in events)
    sent.counts.update(counts)
    for kind in KINDS:
        metrics.PRODUCED_TICKS.labels(kind=kind).inc(counts[kind])
    return delivery
