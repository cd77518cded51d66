"""The shortcut and the long way agree on every event that the shortcut takes; it takes the usual ones."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tick_ingestor.conftest import NOW_US, instrument

from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.core.shortcut import Shortcut

MAX_BYTES, MAX_AHEAD_US = 2000, 1_000_000
USUAL: dict[str, Any] = {
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
for _listing in (("AAPL", "USD", "XNAS"), ("VOD", "GBP", "XLON"), ("EUR/USD", "USD", "XOFF")):
    TABLE.apply(instrument(*_listing))
SHORTCUT = Shortcut(TABLE, MAX_BYTES, MAX_AHEAD_US)
LONG_WAY = Normaliser(TABLE, MAX_BYTES, MAX_AHEAD_US).long_way

anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
prices = (
    st.decimals(allow_nan=True, allow_infinity=True).map(str)
    | st.decimals(min_value=0, max_value=10**6, places=2).map(str)
    | st.floats(0, 1e12)
    | st.sampled_from(["0", 0, -1, "1e-9", "0.000000005", "0.000000015", "92233720368.54775808", "1_0", " 1"])
)
seconds = st.sampled_from(
    [
        "2025-09-24T14:32:10",
        "2025-09-24t14:32:10",
        "2025-09-24_14:32:10",
        "2025-09-24T14:32:1",
        "20250924T143210",
        "2025-W39-3T14:32:10",
        "2025-02-30T00:00:00",
        "0000-01-01T00:00:00",
        "1970-01-01T00:00:00",
        "2016-12-31T23:59:60",
    ]
)
fractions = st.sampled_from(
    [
        *("Z", ".5Z", ".123456Z", ".1234567Z", ".123456789Z"),
        *("", "z", "ZZ", "Z\n", ".Z", ",5Z", "+00:00", ".25-04:00", "+0530"),
    ]
)
zones = st.sampled_from(["Z", "+00:00"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "symbol": st.sampled_from(["AAPL", "VOD", "EUR/USD", "aapl", "A:B", 'A"', ""]),
    "ts_event": st.tuples(seconds, fractions).map("".join) | st.datetimes().map(str),
    "price": prices,
    "currency": st.sampled_from(["USD", "GBP", "GBX", "GBp", "ZAC", "usd", "QQQ", ""]),
    "exchange": st.sampled_from(["NASDAQ", "XNAS", "nasdaq", " LSE ", "MOON", ""]),
    "volume": st.sampled_from([0, 1, 10**13, 10**13 + 1, -1, 1.0, 1.5, "100", 2**70]),
    "source": st.sampled_from(["", "a/b", "a:b", "x" * 100, "x" * 101, "\t", "\u00e9"]) | anything,
    "seq": st.sampled_from([0, -1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 1.0, "7"]) | anything,
    "bid": prices | anything,
    "ask": prices | anything,
    "sale_condition": st.sampled_from(["", "@ F", "x" * 101, "\u0000"]) | anything,
    "note": anything | st.just({"price": 1}) | st.just(":"),
}


def both_ways(value: bytes) -> bool:
    """True when the shortcut took the event; then the long way has to say the same."""
    tick = SHORTCUT.tick(value, NOW_US, 3, 41)
    assert tick is None or tick == LONG_WAY(value, NOW_US, 3, 41)
    return tick is not None


@given(st.fixed_dictionaries({}, optional=FIELDS), st.sets(st.sampled_from(sorted(USUAL)), max_size=6))
def test_fields_of_every_kind(changes: dict[str, Any], left_out: set[str]) -> None:
    fields = {
        name: value for name, value in (USUAL | changes).items() if name not in left_out or name in changes
    }
    both_ways(json.dumps(fields).encode())
    both_ways(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))


@given(st.sampled_from(sorted(FIELDS)).flatmap(lambda name: st.tuples(st.just(name), FIELDS[name])))
def test_one_odd_field_in_a_usual_event(odd: tuple[str, Any]) -> None:
    both_ways(json.dumps(USUAL | dict([odd])).encode())


@given(st.integers(0, 250), st.binary(max_size=4), st.integers(0, 8))
def test_damaged_bytes(place: int, damage: bytes, cut: int) -> None:
    value = json.dumps(USUAL).encode()
    both_ways(value[:place] + damage + value[place + cut :])


@given(st.sampled_from(sorted(USUAL)), FIELDS["price"] | anything, st.booleans(), zones)
def test_a_name_twice_is_never_taken(name: str, again: Any, spaced: bool, zone: str) -> None:
    text = json.dumps(USUAL | {"ts_event": "2025-09-24T14:32:10" + zone})
    twice = f'{text[:-1]},"{name}"{" :" if spaced else ":"}{json.dumps(again)}}}'
    assert not both_ways(twice.encode())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"price": 189.42, "bid": None, "ask": None},
        {"ts_event": "2025-09-24T14:32:10Z", "source": None, "seq": None},
        {"ts_event": "2025-09-24T14:32:10.123456+00:00"},
        {"symbol": "VOD", "currency": "GBX", "exchange": "LSE"},
        {"symbol": "EUR/USD", "seq": 0, "volume": 0},
    ],
)
def test_usual_events_are_taken(changes: dict[str, Any]) -> None:
    assert both_ways(json.dumps(USUAL | changes).encode())
    assert both_ways(json.dumps({name: one for name, one in (USUAL | changes).items() if one}).encode()) == (
        "volume" not in changes
    )


def test_the_six_required_fields_are_enough() -> None:
    assert both_ways(json.dumps(dict(list(USUAL.items())[:6])).encode())


def test_what_is_remembered_of_one_scale_is_not_taken_for_the_other() -> None:
    for currency, price_e8 in (("GBP", 7_212_000_000), ("GBX", 72_120_000), ("GBP", 7_212_000_000)):
        event = USUAL | {"symbol": "VOD", "exchange": "LSE", "currency": currency, "price": Decimal("72.12")}
        tick = SHORTCUT.tick(json.dumps(event, default=str).encode(), NOW_US, 0, 0)
        assert tick is not None
        assert tick.price_e8 == price_e8


def test_a_zero_that_was_a_bid_is_no_price() -> None:
    assert both_ways(json.dumps(USUAL | {"bid": "0"}).encode())
    assert not both_ways(json.dumps(USUAL | {"price": "0"}).encode())


def test_a_removed_symbol_is_not_taken() -> None:
    table = InstrumentTable()
    table.apply(instrument("AAPL"))
    shortcut = Shortcut(table, MAX_BYTES, MAX_AHEAD_US)
    value = json.dumps(USUAL).encode()
    assert shortcut.tick(value, NOW_US, 0, 0) is not None
    table.remove("AAPL")
    assert shortcut.tick(value, NOW_US, 0, 1) is None
