"""The two feeds: a simulated market and the rows of a file. Pure; the loop decides when to take from them."""

import heapq
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from contracts.codec import encode as encode_tick
from producer.core import faults, replay
from producer.core.events import KINDS, Event
from producer.core.faults import Faults
from producer.core.malformed import break_event

if TYPE_CHECKING:  # a replay need not wait for exchange calendars, which take a second to import
    from producer.core.simulator import Simulator


class Waiting(NamedTuple):
    """An event that is held back until its time; `order` keeps equal times in the order they were made."""

    send_us: int
    order: int
    event: Event


class SimulatorFeed:
    """Ticks of a simulator with the faults put in.

    When more than `catch_up_s` behind, as after the machine slept, it leaves out what was missed.
    """

    def __init__(
        self,
        simulator: "Simulator",
        faults: Faults,
        seed: int,
        *,
        end_us: int | None = None,
        catch_up_s: float | None = None,
    ) -> None:
        self._simulator = simulator
        self._faults = faults
        # A stream of its own: switching faults on does not change the prices.
        self._random = np.random.default_rng([seed, 1])
        self._end_us = end_us
        self._catch_up_us = None if catch_up_s is None else round(catch_up_s * 1e6)
        self._waiting: list[Waiting] = []
        self._made = 0
        self._broken = 0

    def due_us(self) -> int | None:
        """Feed time of the next event; None when the end was reached and nothing is held back."""
        waiting = self._waiting[0].send_us if self._waiting else None
        step = self._simulator.due_us()
        if self._end_us is not None and step >= self._end_us:
            return waiting
        return step if waiting is None else min(step, waiting)

    def take(self, until_us: int, limit: int) -> list[Event]:
        """What is due at or before `until_us`; stops after the step in which `limit` was reached."""
        if self._catch_up_us is not None and until_us - self._simulator.due_us() > self._catch_up_us:
            self._simulator.skip_to(until_us)
        taken: list[Event] = []
        while len(taken) < limit:
            due_us = self.due_us()
            if due_us is None or due_us > until_us:
                break
            if due_us == self._simulator.due_us():
                self._step()
            while self._waiting and self._waiting[0].send_us <= due_us:
                taken.append(heapq.heappop(self._waiting).event)
        return taken

    def _step(self) -> None:
        made_us = self._simulator.due_us()
        ticks = self._simulator.step()
        events = [Event(tick.symbol.encode(), encode_tick(tick)) for tick in ticks]
        plan = faults.schedule(np.full(len(events), made_us), self._faults, self._random)
        for send_us, row, kind in zip(
            plan.send_us.tolist(), plan.row.tolist(), plan.kind.tolist(), strict=True
        ):
            heapq.heappush(self._waiting, Waiting(send_us, self._made, self._as(events[row], kind)))
            self._made += 1

    def _as(self, event: Event, kind: int) -> Event:
        if kind != faults.MALFORMED:
            return event._replace(kind=KINDS[kind])
        self._broken += 1
        return Event(event.key, break_event(event.value, self._broken - 1), "malformed")


class ReplayFeed:
    """Normalised rows of a file with the faults put in; feed time is the file's own time."""

    def __init__(
        self, rows: pl.DataFrame, faults_: Faults, seed: int, retiming: replay.Retiming | None = None
    ) -> None:
        self._rows = rows
        self._retiming = retiming
        self._plan = faults.schedule(rows["ts_us"].to_numpy(), faults_, np.random.default_rng(seed))
        self._next = 0
        self._broken = 0

    def __len__(self) -> int:
        """Events in total, duplicates and malformed ones included."""
        return len(self._plan.send_us)

    def due_us(self) -> int | None:
        """Feed time of the next event; None at the end."""
        return int(self._plan.send_us[self._next]) if self._next < len(self) else None

    def take(self, until_us: int, limit: int) -> list[Event]:
        """At most `limit` events due at or before `until_us`."""
        first = self._next
        due = int(np.searchsorted(self._plan.send_us[first : first + limit], until_us, side="right"))
        self._next = first + due
        chosen = self._rows[self._plan.row[first : self._next]]
        values = replay.encode(chosen, self._retiming)
        keys = chosen["symbol"].cast(pl.Binary).to_list()
        kinds = self._plan.kind[first : self._next].tolist()
        return [
            Event(key, value if kind != faults.MALFORMED else self._break(value), KINDS[kind])
            for key, value, kind in zip(keys, values, kinds, strict=True)
        ]

    def _break(self, value: bytes) -> bytes:
        self._broken += 1
        return break_event(value, self._broken - 1)
