"""Every reason for which an event is refused, with inputs that deserve it."""

from collections.abc import Callable
from typing import get_args

import pytest

from contracts import RejectReason, Tick
from tick_ingestor.core.rejection import Rejection

Judge = Callable[..., Tick | Rejection]

GOOD = (
    b'{"symbol":"AAPL","ts_event":"2025-09-24T14:32:10Z","price":189.42,'
    b'"currency":"USD","exchange":"NASDAQ","volume":1200}'
)


def with_text(name: bytes, text: bytes) -> bytes:
    """GOOD with the JSON text of one field replaced."""
    before, _, rest = GOOD.partition(b'"' + name + b'":')
    end = rest.index(b",") if b"," in rest else rest.index(b"}")
    return before + b'"' + name + b'":' + text + rest[end:]


BYTES: list[tuple[RejectReason, bytes | None]] = [
    ("not_json", None),
    ("not_json", b""),
    ("not_json", b"AAPL,189.42"),
    ("not_json", GOOD[:-1]),
    ("not_json", GOOD + b"x"),
    ("not_json", b"\xef\xbb\xbf" + GOOD),
    ("not_json", b"\x00" * 100),
    ("not_json", with_text(b"symbol", b'"\xff\xfe"')),
    ("not_json", GOOD[:-1] + b',"note":"\xff"}'),
    ("not_json", with_text(b"symbol", b'"\\ud800"')),
    ("not_json", with_text(b"price", b"0189.42")),
    ("not_json", with_text(b"price", b"+1")),
    ("not_json", with_text(b"price", b".5")),
    ("not_json", GOOD[:-1] + b',"note":' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
    ("not_json", b"[" * 60_000),
    ("not_json", GOOD[:-1] + b',"price":1}'),
    ("not_json", GOOD[:-1] + b', "price" : 189.42 }'),
    ("not_json", GOOD[:-1] + b',"pr\\u0069ce":1}'),
    ("not_json", GOOD[:-1] + b',"note":{"a":1,"a":2}}'),
    ("missing_field", b"{}"),
    ("missing_field", GOOD.replace(b'"price":189.42,', b"")),
    ("missing_field", GOOD.replace(b'"price"', b'"Price"')),
    ("wrong_type", b"null"),
    ("wrong_type", b"17"),
    ("wrong_type", b'["AAPL"]'),
    ("wrong_type", with_text(b"price", b"true")),
    ("wrong_type", with_text(b"price", b'"cheap"')),
    ("wrong_type", with_text(b"price", b'""')),
    ("wrong_type", with_text(b"price", b"null")),
    ("wrong_type", with_text(b"price", b"1e400")),
    ("wrong_type", with_text(b"price", b"92233720368.54775808")),
    ("wrong_type", with_text(b"price", b"[1]")),
    ("wrong_type", with_text(b"symbol", b"17")),
    ("wrong_type", with_text(b"ts_event", b"1758724330")),
    ("wrong_type", with_text(b"ts_event", b'""')),
    ("wrong_type", with_text(b"ts_event", b'"yesterday"')),
    ("wrong_type", with_text(b"ts_event", b'"2025-02-30T00:00:00Z"')),
    ("wrong_type", with_text(b"volume", b"true")),
    ("wrong_type", with_text(b"volume", b"1.5")),
    ("wrong_type", with_text(b"volume", b'"many"')),
    ("wrong_type", with_text(b"volume", b"9" * 5000)),
    ("wrong_type", with_text(b"volume", b'"' + b"9" * 5000 + b'"')),
    ("wrong_type", with_text(b"volume", b"10000000000001")),
    ("wrong_type", GOOD[:-1] + b',"seq":"7"}'),
    ("wrong_type", GOOD[:-1] + b',"seq":9223372036854775808}'),
    ("wrong_type", GOOD[:-1] + b',"source":"a\\u0000b","seq":1}'),
    ("wrong_type", GOOD[:-1] + b',"source":"' + b"x" * 101 + b'"}'),
    ("wrong_type", GOOD[:-1] + b',"sale_condition":"\\n"}'),
    ("not_finite", with_text(b"price", b"NaN")),
    ("not_finite", with_text(b"price", b"-Infinity")),
    ("not_finite", with_text(b"price", b'"NaN"')),
    ("not_finite", with_text(b"price", b'"sNaN"')),
    ("not_finite", with_text(b"price", b'"inf"')),
    ("not_finite", with_text(b"volume", b"Infinity")),
    ("not_finite", with_text(b"volume", b'"nan"')),
    ("not_finite", GOOD[:-1] + b',"bid":"NaN"}'),
    ("price_not_positive", with_text(b"price", b"0")),
    ("price_not_positive", with_text(b"price", b"-0.0")),
    ("price_not_positive", with_text(b"price", b"-189.42")),
    ("price_not_positive", with_text(b"price", b"1e-9")),
    ("price_not_positive", with_text(b"price", b'"1E-999999"')),
    ("price_not_positive", GOOD[:-1] + b',"ask":-1}'),
    ("negative_volume", with_text(b"volume", b"-1")),
    ("negative_volume", with_text(b"volume", b'"-1"')),
    ("negative_volume", with_text(b"volume", b"-1e300")),
    ("unknown_symbol", with_text(b"symbol", b'"aapl"')),
    ("unknown_symbol", with_text(b"symbol", b'""')),
    ("unknown_currency", with_text(b"currency", b'"QQQ"')),
    ("unknown_currency", with_text(b"currency", b'"usd"')),
    ("unknown_currency", with_text(b"currency", b'""')),
    ("currency_mismatch", with_text(b"currency", b'"EUR"')),
    ("currency_mismatch", with_text(b"currency", b'"GBX"')),
    ("unknown_exchange", with_text(b"exchange", b'"MOON"')),
    ("unknown_exchange", with_text(b"exchange", b'""')),
    ("time_without_zone", with_text(b"ts_event", b'"2025-09-24T14:32:10"')),
    ("time_without_zone", with_text(b"ts_event", b'"2025-09-24"')),
    ("time_out_of_range", with_text(b"ts_event", b'"1969-12-31T23:59:59.999999Z"')),
    ("time_out_of_range", with_text(b"ts_event", b'"2025-09-24T14:32:12.000001Z"')),
    ("time_out_of_range", with_text(b"ts_event", b'"2099-01-01T00:00:00Z"')),
    ("time_out_of_range", with_text(b"ts_event", b'"0001-01-01T00:00:00+23:59"')),
    ("message_too_large", GOOD[:-1] + b',"note":"' + b"x" * 65_536 + b'"}'),
]


@pytest.mark.parametrize(("reason", "raw"), BYTES, ids=lambda value: repr(value)[:40])
def test_malformed_events_get_their_reason(judge: Judge, reason: RejectReason, raw: bytes | None) -> None:
    verdict = judge(raw=raw)
    assert isinstance(verdict, Rejection), verdict
    assert verdict.reason == reason
    assert verdict.message.isprintable()
    assert verdict.message.isascii() or "…" in verdict.message


def test_every_reason_is_covered() -> None:
    assert {reason for reason, _ in BYTES} == set(get_args(RejectReason))


def test_good_is_good(judge: Judge) -> None:
    assert isinstance(judge(raw=GOOD), Tick)
