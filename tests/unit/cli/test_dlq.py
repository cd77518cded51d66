from datetime import UTC, datetime

import pytest

from chassis.bus import Output, Record
from contracts import topics
from contracts.codec import NotADeadLetter, rejected_to_headers
from contracts.types import RejectedTick
from tapeline_cli.dlq.commands import summarise
from tapeline_cli.dlq.letters import Filter, Letter, parse_since, printable, to_letter
from tapeline_cli.dlq.replaying import Replayed, replay_letters, to_output

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000


def letter(
    offset: int = 0,
    value: bytes | None = b'{"symbol": "ZZZZ"}',
    reason: str = "unknown_symbol",
    failed_at_us: int = NOON_US,
    extra: tuple[tuple[str, bytes], ...] = (),
) -> Letter:
    rejected = RejectedTick(
        reason=reason,  # type: ignore[arg-type]
        message="what was wrong",
        topic=topics.TICKS_RAW.name,
        partition=4,
        offset=100 + offset,
        timestamp_us=NOON_US,
        service="tick-ingestor",
        failed_at_us=failed_at_us,
    )
    headers = [("trace", b"\x00\xff"), *rejected_to_headers(rejected), *extra]
    return to_letter(Record(topics.TICKS_REJECTED.name, 4, offset, b"key", value, headers, NOON_US))


class Sent:
    """A publisher that keeps what it is given; `flushed` is what the broker has."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.flushed = 0

    def send(self, output: Output) -> None:
        self.outputs.append(output)

    def flush(self, timeout_s: float = 70.0) -> None:
        self.flushed = len(self.outputs)


def test_a_replay_sends_the_original_unchanged():
    assert to_output(letter(7)) == Output(
        topics.TICKS_RAW.name,
        b'{"symbol": "ZZZZ"}',
        b"key",
        [("trace", b"\x00\xff"), ("dlq.replayed_from", b"4/7")],
        4,
    )


def test_a_letter_is_replayed_once_also_by_a_later_command(tmp_path):
    path, first, second = tmp_path / "memory.json", Sent(), Sent()
    result = replay_letters([letter(1), letter(2)], first, Replayed(path), again=False)
    assert (result.replayed, first.flushed) == (2, 2)
    result = replay_letters([letter(1), letter(2), letter(3)], second, Replayed(path), again=False)
    assert (result.replayed, result.already_replayed) == (1, 2)
    assert [output.headers[-1] for output in second.outputs] == [("dlq.replayed_from", b"4/3")]


def test_again_replays_what_was_replayed(tmp_path):
    path = tmp_path / "memory.json"
    replay_letters([letter(1)], Sent(), Replayed(path), again=False)
    assert replay_letters([letter(1)], Sent(), Replayed(path), again=True).replayed == 1


def test_nothing_is_remembered_when_the_broker_refuses(tmp_path):
    class Refusing(Sent):
        def flush(self, timeout_s: float = 70.0) -> None:
            raise RuntimeError("refused")

    path = tmp_path / "memory.json"
    with pytest.raises(RuntimeError):
        replay_letters([letter(1)], Refusing(), Replayed(path), again=False)
    assert letter(1) not in Replayed(path)


def test_a_dry_run_counts_and_leaves_no_trace(tmp_path):
    path = tmp_path / "memory.json"
    assert replay_letters([letter(1)], None, Replayed(path), again=False).replayed == 1
    assert not path.exists()


def test_a_letter_that_was_cut_stays(tmp_path):
    cut = letter(1, extra=(("dlq.cut", b"value had 2000000 bytes"),))
    sent = Sent()
    result = replay_letters([cut], sent, Replayed(tmp_path / "memory.json"), again=False)
    assert (result.replayed, result.not_whole, sent.outputs) == (0, 1, [])


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Filter(), True),
        (Filter(reason="unknown_symbol"), True),
        (Filter(reason="not_json"), False),
        (Filter(symbol="ZZZZ"), True),
        (Filter(symbol="IBM"), False),
        (Filter(since=NOON), True),
        (Filter(since=NOON.replace(hour=13)), False),
    ],
)
def test_filters(wanted, taken):
    assert wanted.takes(letter()) is taken


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"[" * 100_000, b"[1]", b'{"symbol": 5}'])
def test_without_a_symbol_in_the_original_its_key_counts(value):
    assert letter(value=value).symbol == "key"


def test_a_record_without_a_reason_is_no_dead_letter():
    with pytest.raises(NotADeadLetter):
        to_letter(Record(topics.TICKS_REJECTED.name, 0, 0, None, b"x", [], 0))


def test_summary_counts_by_reason_and_keeps_the_newest():
    letters = [letter(n, failed_at_us=NOON_US + n * 1_000_000) for n in range(3000)]
    letters.append(letter(5000, reason="not_json", failed_at_us=NOON_US - 1))
    reasons, newest = summarise(letters, 2)
    assert [(one["reason"], one["count"]) for one in reasons] == [("unknown_symbol", 3000), ("not_json", 1)]
    assert [one["id"] for one in newest] == ["4/2999", "4/2998"]


def test_times_of_since():
    assert parse_since("2024-03-01") == datetime(2024, 3, 1, tzinfo=UTC)
    assert parse_since("2024-03-01T13:00:00+01:00") == NOON
    for wrong in ("yesterday", "2024-03-01T13:00:00"):
        with pytest.raises(ValueError, match="write"):
            parse_since(wrong)


def test_control_sequences_are_shown_as_escapes():
    assert printable("a\x1b[31mb\n") == "a\\x1b[31mb\\n"
    assert printable("Zürich") == "Zürich"
