"""Whatever the bytes are, there is a verdict, and an accepted tick is well formed."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts import Instrument, Tick
from contracts.codec import decoder
from tick_ingestor.core.amounts import PRICE_E8_MAX, VOLUME_MAX
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.core.rejection import Rejection

NOW_US = 1_758_724_331_000_000
INSTRUMENT = (
    b'{"symbol":"AAPL","name":"Apple","asset_class":"equity","currency":"USD","exchange":"XNAS",'
    b'"recorded_at":"2025-01-01T00:00:00Z"}'
)
GOOD: dict[str, Any] = {
    "symbol": "AAPL",
    "ts_event": "2025-09-24T14:32:10.123456Z",
    "price": "189.42",
    "currency": "USD",
    "exchange": "NASDAQ",
    "volume": 1200,
    "source": "feed",
    "seq": 5,
    "bid": 189.41,
    "ask": 189.43,
    "sale_condition": "@",
}

TABLE = InstrumentTable()
TABLE.apply(decoder(Instrument).decode(INSTRUMENT))
RULES = Normaliser(TABLE, max_message_bytes=65_536, max_ahead_us=1_000_000)

numbers = st.integers() | st.floats() | st.decimals().map(str) | st.integers().map(str)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def check(value: bytes) -> None:
    verdict = RULES.tick(value, NOW_US, 0, 0)
    if isinstance(verdict, Rejection):
        assert verdict.message.isprintable()
        verdict.message.encode()
        return
    assert isinstance(verdict, Tick)
    assert 0 < verdict.price_e8 <= PRICE_E8_MAX
    assert 0 <= verdict.volume <= VOLUME_MAX
    assert 0 <= verdict.ts_event_us <= NOW_US + 1_000_000
    assert -(2**63) <= verdict.seq < 2**63
    assert verdict.symbol == "AAPL"
    assert verdict.tick_id.isprintable()


@given(st.binary(max_size=300))
def test_any_bytes(value: bytes) -> None:
    check(value)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), values, min_size=1))
def test_good_events_with_anything_in_their_fields(changes: dict[str, Any]) -> None:
    check(json.dumps(GOOD | changes).encode())


@given(st.integers(0, 250), st.binary(max_size=4), st.integers(0, 8))
def test_good_events_with_damaged_bytes(place: int, damage: bytes, cut: int) -> None:
    value = json.dumps(GOOD).encode()
    check(value[:place] + damage + value[place + cut :])


@given(numbers)
def test_prices_of_every_spelling(price: Any) -> None:
    check(json.dumps(GOOD | {"price": price, "bid": price}).encode())
