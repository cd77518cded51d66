"""Ticks for the tests of the live path."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts import Tick


def make_tick(ts_event_us: int, seq: int = 0, price_e8: int = 100_000_000, **changes: Any) -> Tick:
    fields: dict[str, Any] = {
        "tick_id": f"s/AAA/{ts_event_us}/{seq}",
        "symbol": "AAA",
        "ts_event_us": ts_event_us,
        "ts_ingest_us": ts_event_us + 5,
        "price_e8": price_e8,
        "currency": "USD",
        "exchange": "XNAS",
        "volume": 10,
        "seq": seq,
        "raw_partition": 0,
        "raw_offset": 0,
    }
    return Tick(**(fields | changes))


@pytest.fixture
def tick() -> Callable[..., Tick]:
    return make_tick
