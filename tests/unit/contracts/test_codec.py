from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import FxRate, Instrument, Position, RawTick, RejectedTick, Valuation, topics
from contracts.codec import NotADeadLetter, decoder, encode, rejected_from_headers, rejected_to_headers

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
REJECTED = RejectedTick(
    reason="not_json",
    message="what was wrong: ü",
    topic="marketdata.ticks.raw.v1",
    partition=1,
    offset=7,
    timestamp_us=8,
    service="tick-ingestor",
    failed_at_us=9,
)


def rate(value: Decimal) -> FxRate:
    return FxRate(pair="EURUSD", as_of=NOON, rate=value, recorded_at=NOON)


@given(decimals)
def test_a_decimal_keeps_its_value_and_has_no_exponent(value: Decimal):
    raw = encode(rate(value))
    text = msgspec.json.decode(raw)["rate"]
    assert "E" not in text
    assert decoder(FxRate).decode(raw).rate == value


@pytest.mark.parametrize(
    ("value", "text"),
    [("0E-8", "0.00000000"), ("1.20E-7", "0.000000120"), ("1E+3", "1000"), ("-0.5", "-0.5")],
)
def test_decimals_are_written_plainly(value, text):
    assert msgspec.json.decode(encode(rate(Decimal(value))))["rate"] == text


@given(st.text(), decimals)
def test_text_that_looks_like_an_exponent_is_left_alone(symbol, quantity):
    position = Position(
        portfolio_id="1E-5",
        symbol=symbol,
        quantity=quantity,
        average_cost=Decimal("1E-9"),
        currency="USD",
        as_of=NOON,
        recorded_at=NOON,
    )
    again = decoder(Position).decode(encode(position))
    assert again == position


def test_times_are_rfc_3339_with_a_zone():
    assert b'"as_of":"2024-03-01T12:00:00Z"' in encode(rate(Decimal(1)))
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        decoder(FxRate).decode(
            b'{"pair":"EURUSD","as_of":"2024-03-01T12:00:00","rate":"1","recorded_at":"2024-03-01T12:00:00Z"}'
        )


@pytest.mark.parametrize("price", ["189.42", '"189.42"', "18942e-2", '"1.8942E2"'])
def test_a_raw_price_is_exact_as_number_and_as_text(price):
    raw = f'{{"symbol":"A","ts_event":"t","price":{price},"currency":"USD","exchange":"X","volume":1}}'
    assert decoder(RawTick).decode(raw).price == Decimal("189.42")


@pytest.mark.parametrize("price", ["true", "null", "[]", '"many"', "{}"])
def test_a_raw_price_of_another_kind_is_refused(price):
    raw = f'{{"symbol":"A","ts_event":"t","price":{price},"currency":"USD","exchange":"X","volume":1}}'
    with pytest.raises(msgspec.ValidationError):
        decoder(RawTick).decode(raw)


def test_a_dead_letter_keeps_other_headers_apart():
    headers = [("trace", b"1"), *rejected_to_headers(REJECTED), ("dlq.replayed_from", b"0/5")]
    assert rejected_from_headers(headers) == REJECTED


def test_headers_without_a_reason_are_no_dead_letter():
    with pytest.raises(NotADeadLetter, match="reason"):
        rejected_from_headers([("dlq.message", b"x")])


def test_keys_are_made_from_the_record():
    instrument = Instrument(
        symbol="IBM", name="IBM", asset_class="equity", currency="USD", exchange="XNYS", recorded_at=NOON
    )
    assert instrument.multiplier == 1
    assert topics.INSTRUMENTS.key_of(instrument) == b"IBM"
    assert topics.FX_RATES.key_of(rate(Decimal(1))) == b"EURUSD/2024-03-01"
    with pytest.raises(ValueError, match="original key"):
        topics.TICKS_REJECTED.key_of(REJECTED)


def test_messages_cannot_be_changed():
    with pytest.raises(AttributeError):
        rate(Decimal(1)).pair = "x"  # type: ignore[misc]
    assert Valuation.__struct_config__.frozen


def test_decimals_inside_lists_and_maps_have_no_exponent_either():
    class Line(msgspec.Struct):
        amount: Decimal

    class Book(msgspec.Struct):
        lines: tuple[Line, ...]
        rates: dict[str, Decimal]

    raw = encode(Book((Line(Decimal("0E-8")),), {"EUR": Decimal("1E-7")}))
    assert msgspec.json.decode(raw) == {"lines": [{"amount": "0.00000000"}], "rates": {"EUR": "0.0000001"}}
