"""When a window may be made final, and when the Silver job runs."""

from dataclasses import dataclass

from bar_aggregator.core.bar_builder import WINDOW_US


@dataclass(frozen=True, slots=True)
class ClosingRule:
    """A window is complete when its own partition has moved past it, or it was quiet for `quiet_us`.

    The timer goes by this rule so that it makes no half bar final while ticks still stream in. A person who
    asks for the job gets every window that is over by our clock.
    """

    quiet_us: int

    def is_complete(self, end_us: int, newest_event_us: int | None, touched_at_us: int, now_us: int) -> bool:
        """`newest_event_us`: of the window's partition in Bronze; `touched_at_us`: our time of its last."""
        if not is_over(end_us, now_us):
            return False
        passed = newest_event_us is not None and newest_event_us >= end_us
        return passed or touched_at_us <= now_us - self.quiet_us


def is_over(end_us: int, now_us: int) -> bool:
    """The window lies in the past."""
    return end_us <= now_us


def next_run_us(now_us: int, delay_us: int) -> int:
    """The next moment that is `delay_us` after the end of a window."""
    return now_us - (now_us - delay_us) % WINDOW_US + WINDOW_US
