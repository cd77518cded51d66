"""Tells of windows that no bar is made of, the same for both paths."""

from chassis import metrics
from chassis.clock import from_us
from chassis.logs import get_logger

log = get_logger(__name__)


def report_set_aside(path: str, symbol: str, start_us: int) -> None:
    """Count and name a window whose ticks have more than one currency: no bar is better than a wrong one."""
    metrics.BARS_SET_ASIDE.labels(path=path).inc()
    log.error(
        "window_set_aside",
        path=path,
        symbol=symbol,
        window_start=from_us(start_us).isoformat(),
        reason="ticks in more than one currency; was the instrument's currency changed during the day?",
        runbook="docs/runbooks/windows-set-aside.md",
    )
