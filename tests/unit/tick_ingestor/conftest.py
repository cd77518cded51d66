"""One instrument master and one set of rules for the tests of the ingestor."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contracts import Instrument, Tick
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.core.rejection import Rejection

NOW_US = 1_758_724_331_000_000  # 2025-09-24T14:32:11Z
MISSION_EVENT: dict[str, Any] = {
    "symbol": "AAPL",
    "ts_event": "2025-09-24T14:32:10Z",
    "price": 189.42,
    "currency": "USD",
    "exchange": "NASDAQ",
    "volume": 1200,
}


def instrument(symbol: str, currency: str = "USD", exchange: str = "XNAS") -> Instrument:
    return Instrument(
        symbol=symbol,
        name=symbol,
        asset_class="equity",
        currency=currency,
        exchange=exchange,
        recorded_at=datetime(2025, 1, 1, tzinfo=UTC),
        multiplier=Decimal(1),
    )


@pytest.fixture
def instruments() -> InstrumentTable:
    table = InstrumentTable()
    for symbol, currency, exchange in (
        ("AAPL", "USD", "XNAS"),
        ("EURUSD", "USD", "XOFF"),
        ("VOD", "GBX", "XLON"),
        ("7203", "JPY", "XTKS"),
        ("EUR/USD", "USD", "XZZZ"),
    ):
        table.apply(instrument(symbol, currency, exchange))
    return table


@pytest.fixture
def judge(instruments: InstrumentTable) -> Callable[..., Tick | Rejection]:
    """judge(price="1", seq=None, ...): the verdict about the mission's event with some fields replaced.

    A field given as `...` is left out; `raw=b"..."` judges those bytes instead.
    """
    rules = Normaliser(instruments, max_message_bytes=65_536, max_ahead_us=1_000_000)

    def verdict(raw: Any = ..., **changes: Any) -> Tick | Rejection:
        if raw is ...:
            fields = {name: value for name, value in (MISSION_EVENT | changes).items() if value is not ...}
            raw = msgspec.json.encode(fields)
        return rules.tick(raw, NOW_US, raw_partition=3, raw_offset=41)

    return verdict
