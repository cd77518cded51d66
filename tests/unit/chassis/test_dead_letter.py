"""A dead letter keeps the original and says what was wrong."""

from chassis.bus import Record
from chassis.dead_letter import dead_letter


def test_the_original_is_untouched() -> None:
    original = Record("raw", 4, 17, b"AAPL", b"\xff not json", [("trace", b"1")], 5)
    letter = dead_letter("rejected", original, {"reason": "not_json", "offset": "17"})
    assert (letter.key, letter.value, letter.partition) == (b"AAPL", b"\xff not json", 4)
    assert letter.headers == [("trace", b"1"), ("dlq.reason", b"not_json"), ("dlq.offset", b"17")]


def test_a_second_failure_replaces_the_first_reason() -> None:
    once = dead_letter("rejected", Record("raw", 0, 0, None, b"x", None, 0), {"reason": "unknown_symbol"})
    again = Record("raw", 0, 9, once.key, once.value, once.headers, 0)
    assert dead_letter("rejected", again, {"reason": "not_json"}).headers == [("dlq.reason", b"not_json")]
