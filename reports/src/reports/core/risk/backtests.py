"""Did losses exceed the reported VaR as often as promised?"""

import math
from collections.abc import Sequence

import numpy as np

from quant import Exceptions, Missing, exceptions, traffic_light
from reports.core.reasons import unavailable
from reports.core.risk.rows import TestedDay
from reports.core.risk.shapes import ReportedBacktest

CONFIDENCE_BP = 9900
DAYS = 250


def backtest(days: Sequence[TestedDay]) -> ReportedBacktest:
    """Actual profit of each day against the VaR reported before it; days with a gap are counted apart."""
    ordered = sorted(days, key=lambda day: day.date)[-DAYS:]
    pnl = np.array([math.nan if day.pnl is None else day.pnl for day in ordered])
    var = np.array([math.nan if day.var is None else day.var for day in ordered])
    found = exceptions(pnl, var)
    if isinstance(found, Missing):
        return _nothing(len(ordered), found)
    return _judged(ordered, found)


def _judged(days: Sequence[TestedDay], found: Exceptions) -> ReportedBacktest:
    light = traffic_light(found.days, found.count, CONFIDENCE_BP)
    if isinstance(light, Missing):
        return _nothing(found.missing, light)
    tested = [day for day, used in zip(days, found.tested, strict=True) if used]
    return ReportedBacktest(
        confidence_bp=CONFIDENCE_BP,
        days=found.days,
        missing=found.missing,
        exceptions=found.count,
        expected=found.days * (10_000 - CONFIDENCE_BP) / 10_000,
        zone=light.zone,
        yellow_from=light.yellow_from,
        red_from=light.red_from,
        exception_dates=tuple(day.date for day, hit in zip(tested, found.hits, strict=True) if hit),
        unavailable=None,
    )


def _nothing(missing: int, why: Missing) -> ReportedBacktest:
    return ReportedBacktest(
        confidence_bp=CONFIDENCE_BP,
        days=0,
        missing=missing,
        exceptions=None,
        expected=None,
        zone=None,
        yellow_from=None,
        red_from=None,
        exception_dates=(),
        unavailable=unavailable(why),
    )
