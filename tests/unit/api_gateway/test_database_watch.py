"""What the gateway takes from the database at its start, because its topics do not keep it."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from api_gateway.adapters.database_watch import watch_database
from api_gateway.core.past import Moment
from api_gateway.core.stream import Wanted
from api_gateway.core.view import View
from chassis.health import Health
from contracts import LimitEvent
from testkit.builders import make_valuation, moment


def event(limit_id: str, sequence: int, state: Any = "BREACH") -> LimitEvent:
    return LimitEvent(
        event_id=f"{limit_id}:{sequence}",
        limit_id=limit_id,
        portfolio_id="P",
        measure="gross",
        state=state,
        hard_level=1.0,
        as_of=moment("14:00"),
        recorded_at=moment("14:00"),
        kind="transition",
        sequence=sequence,
    )


class Stored:
    """A database that holds one value and two states of limits; at first it does not answer."""

    def __init__(self) -> None:
        self.past = SimpleNamespace(newest_valuations=self._valuations)
        self.limits = SimpleNamespace(states=self._states)
        self.asked = 0

    async def _valuations(self) -> Any:
        return [make_valuation("P", "14:00", basis="bar")]

    async def _states(self, past: Moment) -> dict[str, LimitEvent]:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionError("away")
        return {"old": event("old", 7), "newer-on-topic": event("newer-on-topic", 2)}

    async def ping(self) -> None:
        pass


async def test_a_breach_that_the_topic_forgot_is_still_one_after_a_restart(monkeypatch: Any) -> None:
    """The topic keeps 30 days; a breach may be open for longer."""
    monkeypatch.setattr("api_gateway.adapters.database_watch.EVERY_S", 0.001)
    view, stored = View(), Stored()
    view.put_limit_event(event("newer-on-topic", 3, "OK"))
    watching = asyncio.create_task(watch_database(cast(Any, stored), view, Health()))
    for _ in range(200):
        await asyncio.sleep(0.005)
        if stored.asked == 2:
            break
    watching.cancel()
    assert {name: one.state for name, one in view.limits.items()} == {"old": "BREACH", "newer-on-topic": "OK"}
    shown = [change.key.part for change in view.changes.snapshot(Wanted(frozenset({"limits"})))]
    assert sorted(shown) == ["newer-on-topic", "old"]
    assert stored.asked == 2
