from hypothesis import given
from hypothesis import strategies as st

from bar_aggregator.core.bar_builder import WINDOW_US
from bar_aggregator.core.closing import ClosingRule, is_over, next_run_us

END = 10 * WINDOW_US
QUIET = 60_000_000
RULE = ClosingRule(QUIET)


def test_a_window_that_is_not_over_is_never_complete() -> None:
    assert not is_over(END, END - 1)
    assert not RULE.is_complete(END, newest_event_us=END + 1, touched_at_us=0, now_us=END - 1)


def test_a_window_is_complete_when_its_partition_moved_past_it() -> None:
    now = END + 10_000_000
    assert RULE.is_complete(END, newest_event_us=END, touched_at_us=now, now_us=now)
    assert not RULE.is_complete(END, newest_event_us=END - 1, touched_at_us=now, now_us=now)
    assert not RULE.is_complete(END, newest_event_us=None, touched_at_us=now, now_us=now)


def test_a_quiet_window_is_complete_without_news_of_its_partition() -> None:
    touched = END + 5
    assert not RULE.is_complete(END, None, touched, touched + QUIET - 1)
    assert RULE.is_complete(END, None, touched, touched + QUIET)


@given(st.integers(0, 2**50), st.integers(0, WINDOW_US - 1))
def test_the_timer_runs_once_per_window_at_its_delay(now: int, delay: int) -> None:
    due = next_run_us(now, delay)
    assert now < due <= now + WINDOW_US
    assert due % WINDOW_US == delay % WINDOW_US
