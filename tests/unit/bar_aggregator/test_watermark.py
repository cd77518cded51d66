"""The watermark waits for the slowest partition that is alive, and never goes back."""

from hypothesis import given
from hypothesis import strategies as st

from bar_aggregator.core.watermark import Watermark

SECOND_US = 1_000_000


def watermark(*partitions: int) -> Watermark:
    made = Watermark(allowed_lateness_us=2 * SECOND_US, idle_after_s=1.0)
    made.assign(partitions)
    return made


def test_the_slowest_partition_counts_minus_the_lateness() -> None:
    mark = watermark(0, 1)
    mark.saw(0, 100 * SECOND_US)
    assert mark.advance(0.0) is None  # partition 1 has shown nothing yet
    mark.saw(1, 50 * SECOND_US)
    assert mark.advance(0.0) == 48 * SECOND_US


def test_a_silent_partition_holds_nobody_up_after_the_grace() -> None:
    mark = watermark(0, 1)
    mark.saw(0, 100 * SECOND_US)
    mark.saw(1, 50 * SECOND_US)
    mark.at_end(1, now_s=10.0)
    assert mark.advance(10.9) == 48 * SECOND_US
    assert mark.advance(11.0) == 98 * SECOND_US


def test_a_tick_ends_the_silence() -> None:
    mark = watermark(0, 1)
    mark.saw(0, 100 * SECOND_US)
    mark.at_end(1, now_s=10.0)
    mark.saw(1, 60 * SECOND_US)
    assert mark.advance(20.0) == 58 * SECOND_US


def test_repeated_ends_do_not_prolong_the_grace() -> None:
    mark = watermark(0, 1)
    mark.saw(0, 100 * SECOND_US)
    mark.at_end(1, now_s=10.0)
    mark.at_end(1, now_s=10.9)
    assert mark.advance(11.0) == 98 * SECOND_US


def test_when_all_are_silent_the_newest_counts() -> None:
    mark = watermark(0, 1)
    mark.saw(0, 100 * SECOND_US)
    mark.saw(1, 50 * SECOND_US)
    mark.at_end(0, 0.0)
    mark.at_end(1, 0.0)
    assert mark.advance(5.0) == 98 * SECOND_US


def test_empty_topic_has_no_watermark() -> None:
    mark = watermark(0)
    mark.at_end(0, 0.0)
    assert mark.advance(5.0) is None


def test_a_restored_watermark_is_kept_until_it_is_passed() -> None:
    mark = watermark(0)
    mark.restore(80 * SECOND_US)
    mark.saw(0, 60 * SECOND_US)
    assert mark.advance(0.0) == 80 * SECOND_US
    mark.saw(0, 90 * SECOND_US)
    assert mark.advance(0.0) == 88 * SECOND_US


events = st.lists(
    st.tuples(st.sampled_from(("saw", "end")), st.integers(0, 2), st.integers(0, 1000), st.floats(0, 2)),
    max_size=40,
)


@given(events)
def test_it_never_goes_back_nor_beyond_the_newest_tick(happened: list[tuple[str, int, int, float]]) -> None:
    mark, now_s, newest_us, before = watermark(0, 1, 2), 0.0, 0, -(10**12)
    for kind, partition, at_s, passed_s in happened:
        now_s += passed_s
        if kind == "saw":
            newest_us = max(newest_us, at_s * SECOND_US)
            mark.saw(partition, at_s * SECOND_US)
        else:
            mark.at_end(partition, now_s)
        value = mark.advance(now_s)
        if value is not None:
            assert before <= value <= newest_us - 2 * SECOND_US
            before = value
