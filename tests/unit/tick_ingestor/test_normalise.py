"""What a valid event becomes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from contracts import Tick
from tick_ingestor.core.rejection import Rejection

Judge = Callable[..., Tick | Rejection]


def accepted(verdict: Tick | Rejection) -> Tick:
    assert isinstance(verdict, Tick), verdict
    return verdict


def test_the_mission_event_is_taken_as_it_is(judge: Judge) -> None:
    assert accepted(judge()) == Tick(
        tick_id="4bc31cc3413eff98a6c3a69ad8f89d5b",
        symbol="AAPL",
        ts_event_us=1_758_724_330_000_000,
        ts_ingest_us=1_758_724_331_000_000,
        price_e8=18_942_000_000,
        currency="USD",
        exchange="XNAS",
        volume=1200,
        seq=0,
        raw_partition=3,
        raw_offset=41,
    )


def test_source_and_seq_make_the_id_and_the_order(judge: Judge) -> None:
    tick = accepted(judge(source="sip/ny", seq=7, sale_condition="@"))
    assert (tick.tick_id, tick.seq, tick.source, tick.sale_condition) == ("sip/ny/AAPL/7", 7, "sip/ny", "@")


def test_a_slash_in_a_symbol_cannot_pass_for_a_separator(judge: Judge) -> None:
    tick = accepted(judge(symbol="EUR/USD", source="s", seq=7))
    assert (tick.tick_id, tick.symbol) == ("s/EUR%2FUSD/7", "EUR/USD")


@pytest.mark.parametrize(("source", "seq"), [(None, 7), ("feed", None), ("", 7)])
def test_without_source_or_seq_the_id_is_a_hash(judge: Judge, source: Any, seq: Any) -> None:
    tick = accepted(judge(source=source, seq=seq))
    assert tick.tick_id == accepted(judge()).tick_id
    assert tick.seq == (seq or 0)


def test_the_hash_sees_the_six_normalised_fields_and_nothing_else(judge: Judge) -> None:
    same = {
        "ts_event": "2025-09-24T16:32:10.000000+02:00",
        "price": "189.4200",
        "exchange": "XNAS",
        "volume": "1200",
        "sale_condition": "F",
    }
    assert accepted(judge(**same)).tick_id == accepted(judge()).tick_id
    ids = {
        accepted(judge(**change)).tick_id
        for change in (
            {},
            {"symbol": "EURUSD"},
            {"ts_event": "2025-09-24T14:32:10.000001Z"},
            {"price": "189.42000001"},
            {"exchange": "XNYS"},
            {"volume": 1201},
        )
    }
    assert len(ids) == 6


@pytest.mark.parametrize(
    ("price", "price_e8"),
    [
        (189.42, 18_942_000_000),
        ("189.42", 18_942_000_000),
        (1, 100_000_000),
        ("1e2", 10_000_000_000),
        (Decimal("0.00000001"), 1),
        ("0.000000015", 2),  # half-even, once: 1.5 -> 2
        ("0.000000025", 2),  # 2.5 -> 2
        ("0.0000000250000000000000000000000000000000001", 3),
        ("92233720368.54775807", 2**63 - 1),
    ],
)
def test_prices_are_exact_and_rounded_once(judge: Judge, price: Any, price_e8: int) -> None:
    assert accepted(judge(price=price)).price_e8 == price_e8


def test_a_json_number_keeps_its_digits(judge: Judge) -> None:
    raw = (
        b'{"symbol":"AAPL","ts_event":"2025-09-24T14:32:10Z","price":12345678901.12345678,'
        b'"currency":"USD","exchange":"NASDAQ","volume":1}'
    )
    assert accepted(judge(raw=raw)).price_e8 == 1_234_567_890_112_345_678


@pytest.mark.parametrize("volume", [0, 100, 100.0, "100", "100.0", "1E2", -0.0])
def test_volumes_are_whole_numbers_in_any_spelling(judge: Judge, volume: Any) -> None:
    assert accepted(judge(volume=volume)).volume in (0, 100)


@pytest.mark.parametrize(
    ("currency", "price_e8"),
    [("GBP", 7_212_000_000), ("GBX", 72_120_000), ("GBp", 72_120_000)],
)
def test_pence_become_pounds(judge: Judge, currency: str, price_e8: int) -> None:
    tick = accepted(judge(symbol="VOD", exchange="LSE", currency=currency, price="72.12", bid="72.12"))
    assert (tick.currency, tick.price_e8, tick.bid_e8) == ("GBP", price_e8, price_e8)


def test_a_rounded_minor_price_is_rounded_once(judge: Judge) -> None:
    # 0.0000005 pence = 0.000000005 pounds: a tie at 8 places, which goes to even.
    assert isinstance(judge(symbol="VOD", currency="GBX", price="0.0000005"), Rejection)
    assert accepted(judge(symbol="VOD", currency="GBX", price="0.0000015")).price_e8 == 2


@pytest.mark.parametrize(
    ("name", "code"),
    [("NASDAQ", "XNAS"), ("nasdaq", "XNAS"), ("XNAS", "XNAS"), (" NYSE ", "XNYS"), ("OTC", "XOFF")],
)
def test_venues_by_name_or_code(judge: Judge, name: str, code: str) -> None:
    assert accepted(judge(exchange=name)).exchange == code


def test_the_exchange_of_an_instrument_is_known(judge: Judge) -> None:
    assert accepted(judge(exchange="XZZZ")).exchange == "XZZZ"


@pytest.mark.parametrize(
    ("text", "ts_event_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2013-10-07T08:00:00.464Z", 1_381_132_800_464_000),
        ("2013-10-07T04:00:00.464-04:00", 1_381_132_800_464_000),
        ("2013-10-07t08:00:00.464z", 1_381_132_800_464_000),
        ("2013-10-07 08:00:00.464+00:00", 1_381_132_800_464_000),
        ("2013-10-07T08:00:00.123456789Z", 1_381_132_800_123_456),
        ("2016-12-31T23:59:60.5Z", 1_483_228_800_500_000),  # the leap second counts as the next one
        ("2025-09-24T14:32:12Z", 1_758_724_332_000_000),  # exactly as far ahead as is allowed
    ],
)
def test_times_become_utc_microseconds(judge: Judge, text: str, ts_event_us: int) -> None:
    assert accepted(judge(ts_event=text)).ts_event_us == ts_event_us


def test_late_is_no_reason_to_refuse(judge: Judge) -> None:
    assert accepted(judge(ts_event="1998-01-02T14:30:00Z")).ts_event_us == 883_751_400_000_000


def test_a_quote_keeps_both_sides(judge: Judge) -> None:
    tick = accepted(judge(symbol="EURUSD", price="1.387155", bid="1.38705", ask="1.38726", volume=0))
    assert (tick.price_e8, tick.bid_e8, tick.ask_e8, tick.volume) == (
        138_715_500,
        138_705_000,
        138_726_000,
        0,
    )


def test_unknown_fields_and_nulls_are_ignored(judge: Judge) -> None:
    tick = accepted(judge(venue_note={"a": [1, {"b": 'tricky":'}]}, bid=None, ask=None))
    assert tick.tick_id == accepted(judge()).tick_id
