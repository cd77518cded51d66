"""Value at risk by any method."""

from datetime import date
from typing import Any, cast

import numpy as np

from contracts.analysis.var import VarAnswer, VarRange, VarRequest, VarScenario
from quant import BookVar, Missing, Result, VarMethod, VarQuestion, book_var, rows_needed, unsupported
from quant.confidence import check_confidence
from quant.expected_shortfall import SHORTFALL_RULES, ShortfallRule
from quant.quantiles import ESTIMATORS, Estimator
from risk.core.desk import Desk, DeskBook, Refused, unavailable

MOST_DAYS = 250


def var(desk: Desk, request: VarRequest) -> VarAnswer:
    """VaR and expected shortfall of the newest valuation, with interval and scenarios."""
    question = question_of(request)
    book, found = measured(desk, request, question)
    head = head_of(desk, book, request)
    if isinstance(found, Missing):
        return VarAnswer(**head, unavailable=unavailable(found))
    shortfall = found.estimate.shortfall
    interval = found.interval
    return VarAnswer(
        **head,
        **described(found),
        var=found.estimate.var,
        es=None if isinstance(shortfall, Missing) else shortfall,
        es_unavailable=unavailable(shortfall) if isinstance(shortfall, Missing) else None,
        interval=None
        if interval is None
        else VarRange(lower=interval.lower, upper=interval.upper, coverage=interval.coverage),
        effective_scenarios=found.effective_scenarios,
        details=_details(found),
    )


def question_of(request: VarRequest) -> VarQuestion:
    """The question in terms of quant; Refused (422) with what is offered."""
    if not 1 <= request.horizon_days <= MOST_DAYS:
        raise Refused(422, f"horizon_days {request.horizon_days} must be from 1 to {MOST_DAYS}")
    for name, value, offered in (
        ("estimator", request.estimator, ESTIMATORS),
        ("shortfall_rule", request.shortfall_rule, SHORTFALL_RULES),
    ):
        if value is not None and value not in offered:
            raise Refused(422, f"{name} {value!r} is not offered; there are {', '.join(offered)}")
    question = VarQuestion(
        request.confidence_bp,
        request.horizon_days,
        cast(VarMethod, request.method),
        cast(Estimator | None, request.estimator),
        cast(ShortfallRule | None, request.shortfall_rule),
    )
    refusal = unsupported(question)
    if refusal is not None:
        raise Refused(422, refusal)
    try:
        check_confidence(request.confidence_bp)
    except ValueError as error:
        raise Refused(422, str(error)) from error
    return question


def measured(desk: Desk, request: VarRequest, question: VarQuestion) -> tuple[DeskBook, Result[BookVar]]:
    """The book and its VaR, over as much history as the method needs."""
    if request.lookback < 1:
        raise Refused(422, f"lookback {request.lookback} must be at least 1 scenario")
    valuation = desk.valuation(request.portfolio_id, request.basis)
    book = desk.book_of(valuation, rows_needed(question, request.lookback) - 1)
    if not book.holdings and valuation.positions:
        return book, Missing("unpriced", f"none of {len(valuation.positions)} positions is priced")
    if book.factors is None:
        return book, Missing("no_history", f"no daily history before {book.market_date}")
    return book, book_var(book.factors, book.holdings, question, window=request.lookback)


def head_of(desk: Desk, book: DeskBook, request: VarRequest) -> dict[str, Any]:
    """What was measured and what was asked, in the fields both answers share."""
    return {
        **desk.head(book.valuation),
        "coverage": book.valuation.coverage,
        "method": request.method,
        "confidence_bp": request.confidence_bp,
        "horizon_days": request.horizon_days,
    }


def described(found: BookVar) -> dict[str, Any]:
    """How the number came about, in the fields both answers share."""
    used = found.sample.scenarios.dates
    # Drawn paths are in no order of time: their window is the history they are drawn from.
    window = used if found.sample.paths is None else found.sample.scenarios.value_dates
    return {
        "estimator": found.estimator,
        "shortfall_rule": found.shortfall_rule,
        "horizon_rule": found.sample.horizon_rule,
        "k": found.estimate.rank,
        "named": tuple(
            VarScenario(dates=tuple(_day(day) for day in one.dates), weight=one.weight, loss=one.loss)
            for one in found.named
        ),
        "scenarios": len(used),
        "window_start": _day(window[0]),
        "window_end": _day(window[-1]),
        "warnings": found.warnings,
    }


def _day(day: np.datetime64) -> date:
    return day.astype("datetime64[D]").astype(date)


def _details(found: BookVar) -> dict[str, str]:
    scenarios = found.sample.scenarios
    carried = {
        "price_carried_percent": f"{scenarios.price_carried_share * 100:.4g}",
        "fx_carried_percent": f"{scenarios.fx_carried_share * 100:.4g}",
    }
    if scenarios.limited_by is not None:
        carried["limited_by"] = scenarios.limited_by
    if found.estimate.mean_rank is not None:
        carried["mean_rank"] = f"{found.estimate.mean_rank:.6g}"
    return {**carried, **found.estimate.details}
