"""Backtest of the VaR: today's holdings through the past, and the days that were really made."""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from contracts.analysis.backtest import (
    ActualDay,
    Backtest,
    BacktestAnswer,
    BacktestDay,
    BacktestRequest,
    LikelihoodRatio,
)
from quant import (
    Exceptions,
    Missing,
    Result,
    RollingForecasts,
    TestStatistic,
    acerbi_szekely,
    binomial_tail,
    christoffersen,
    conditional_coverage,
    exceptions,
    kupiec,
    rolling_forecasts,
    traffic_light,
    transitions,
)
from quant.arrays import Dates, Floats
from risk.core.desk import Desk, DeskBook, Refused, unavailable

SIGNIFICANCE = 0.05
BASEL_DAYS = 250
HYPOTHETICAL = "today's holdings; k-th worst of the {window} scenarios before each day"
ACTUAL = "the last historical VaR reported before each date"


def backtest(desk: Desk, request: BacktestRequest) -> BacktestAnswer:
    """Hypothetical P&L always, actual P&L where it is given."""
    if not 5000 <= request.confidence_bp < 10_000:
        raise Refused(422, f"confidence_bp {request.confidence_bp} must be from 5000 to 9999")
    if not 1 <= request.days <= 10_000:
        raise Refused(422, f"days {request.days} must be from 1 to 10000")
    valuation = desk.valuation(request.portfolio_id, request.basis)
    if request.lookback < 1:
        raise Refused(422, f"lookback {request.lookback} must be at least 1 scenario")
    book = desk.book_of(valuation, request.lookback + request.days)
    return BacktestAnswer(
        **desk.head(valuation),
        confidence_bp=request.confidence_bp,
        hypothetical=_hypothetical(book, request),
        actual=_actual(request.actual, request.confidence_bp) if request.actual else None,
    )


def _hypothetical(book: DeskBook, request: BacktestRequest) -> Backtest:
    forecast = HYPOTHETICAL.format(window=request.lookback)
    scenarios = book.scenarios()
    found: Result[RollingForecasts] = (
        scenarios
        if isinstance(scenarios, Missing)
        else rolling_forecasts(scenarios.pnl, request.lookback, request.days, request.confidence_bp)
    )
    if isinstance(found, Missing) or isinstance(scenarios, Missing):
        why = found if isinstance(found, Missing) else cast(Missing, scenarios)
        return Backtest(pnl_type="hypothetical", forecast=forecast, unavailable=unavailable(why))
    dates = scenarios.dates[-len(found.pnl) :]
    return _tested(
        Backtest(pnl_type="hypothetical", forecast=forecast),
        dates,
        found.pnl,
        found.var,
        found.expected_shortfall,
        request.confidence_bp,
    )


def _actual(days: Sequence[ActualDay], confidence_bp: int) -> Backtest:
    dates = np.array([day.date for day in days], dtype="datetime64[D]")
    pnl = np.array([math.nan if day.pnl is None else day.pnl for day in days])
    var = np.array([math.nan if day.var is None else day.var for day in days])
    return _tested(Backtest(pnl_type="actual", forecast=ACTUAL), dates, pnl, var, None, confidence_bp)


def _tested(
    head: Backtest, dates: Dates, pnl: Floats, var: Floats, shortfall: Floats | None, confidence_bp: int
) -> Backtest:
    found = exceptions(pnl, var)
    if isinstance(found, Missing):
        return Backtest(
            pnl_type=head.pnl_type, forecast=head.forecast, missing=len(pnl), unavailable=unavailable(found)
        )
    z2 = None if shortfall is None else _value(acerbi_szekely(pnl, var, shortfall, confidence_bp))
    return Backtest(
        pnl_type=head.pnl_type,
        forecast=head.forecast,
        days=found.days,
        missing=found.missing,
        exceptions=found.count,
        expected_exceptions=found.days * (10_000 - confidence_bp) / 10_000,
        **_coverage(found, confidence_bp),
        **_zone(found, confidence_bp),
        acerbi_szekely_z2=z2,
        series=_series(found, dates, pnl, var, shortfall),
        warnings=_warnings(found),
    )


def _coverage(found: Exceptions, confidence_bp: int) -> dict[str, Any]:
    return {
        "kupiec": _ratio(kupiec(found.days, found.count, confidence_bp)),
        "christoffersen": _ratio(christoffersen(transitions(found.hits))),
        "conditional_coverage": _ratio(conditional_coverage(found, confidence_bp)),
        "binomial_p_value": _value(binomial_tail(found.days, found.count, confidence_bp)),
    }


def _zone(found: Exceptions, confidence_bp: int) -> dict[str, Any]:
    light = traffic_light(found.days, found.count, confidence_bp)
    if isinstance(light, Missing):
        return {}
    return {
        "zone": light.zone,
        "yellow_from": light.yellow_from,
        "red_from": light.red_from,
        "multiplier": light.multiplier,
        "multiplier_1996": light.multiplier_1996,
    }


def _series(
    found: Exceptions, dates: Dates, pnl: Floats, var: Floats, shortfall: Floats | None
) -> tuple[BacktestDay, ...]:
    tested = found.tested
    tails = [None] * len(found.hits) if shortfall is None else shortfall[tested].tolist()
    columns = (dates[tested].tolist(), pnl[tested].tolist(), var[tested].tolist(), tails, found.hits.tolist())
    rows = zip(*columns, strict=True)
    return tuple(
        BacktestDay(date=day, pnl=made, var=level, expected_shortfall=tail, exception=hit)
        for day, made, level, tail, hit in rows
    )


def _warnings(found: Exceptions) -> tuple[str, ...]:
    if found.days >= BASEL_DAYS:
        return ()
    return (f"only {found.days} days; Basel's zones are meant for {BASEL_DAYS}",)


def _ratio(found: Result[TestStatistic]) -> LikelihoodRatio | None:
    if isinstance(found, Missing):
        return None
    return LikelihoodRatio(
        statistic=found.statistic,
        p_value=found.p_value,
        degrees_of_freedom=found.degrees_of_freedom,
        rejected=found.p_value < SIGNIFICANCE,
    )


def _value(found: Result[float]) -> float | None:
    return None if isinstance(found, Missing) else found
