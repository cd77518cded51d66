"""What trades would do to a book, by the same functions that value, measure and limit the real one."""

from collections.abc import Callable
from decimal import Decimal

from contracts import Instrument, Measure, RiskReport, Valuation
from contracts.analysis.what_if import (
    AmountChange,
    SupposedLimit,
    SupposedMeasure,
    WhatIfAnswer,
    WhatIfRequest,
)
from measuring.core.definitions import levels_at
from measuring.core.readings import read
from measuring.core.reports import make_report
from quant import Exposure, convert, exposure, sum_money
from quant.limits import limit_standing
from quant.money import EXACT, ZERO
from risk.core.desk import Desk, Refused
from risk.core.limits.book import Status
from risk.core.marks import marks
from risk.core.supposed import priced_values, suppose

TRADES_MAX = 1000
WINDOW = ("scenarios", "window_start", "window_end")


def what_if(desk: Desk, request: WhatIfRequest) -> WhatIfAnswer:
    """Value, exposure, every measure and every limit of a book, before and after the trades."""
    _check(request)
    valuation = desk.valuation(request.portfolio_id, request.basis)
    held = {one.symbol for one in valuation.positions}
    missing = {trade.symbol for trade in request.trades} - held
    found = marks(missing, valuation, desk.newest(), desk.history) if missing else {}
    supposed, fills = suppose(valuation, request.trades, found, _known(request))
    done = [fill for fill in fills if fill.reason is None]
    before, after = _report(desk, valuation), _report(desk, supposed)
    return WhatIfAnswer(
        **desk.head(valuation),
        complete=len(done) == len(fills),
        trades=fills,
        profit=sum_money(fill.profit or ZERO for fill in done),
        cash_flow=sum_money(fill.cash_flow or ZERO for fill in done),
        fees=sum_money(
            convert(trade.fee, valuation.fx_rates.get(fill.currency or "", ZERO))
            for trade, fill in zip(request.trades, fills, strict=True)
            if fill.reason is None
        ),
        market_value=_change(_market_value(valuation), _market_value(supposed)),
        long=_exposure_change(valuation, supposed, lambda one: one.long),
        short=_exposure_change(valuation, supposed, lambda one: one.short),
        gross=_exposure_change(valuation, supposed, lambda one: one.gross),
        net=_exposure_change(valuation, supposed, lambda one: one.net),
        positions_before=len(valuation.positions),
        positions_after=len(supposed.positions),
        measures=tuple(map(_measure, before.measures, after.measures)),
        limits=tuple(
            _limit(desk, status, (valuation, before), (supposed, after))
            for status in desk.limits.of_portfolio(request.portfolio_id)
        ),
    )


def _known(request: WhatIfRequest) -> dict[str, Instrument]:
    return {one.symbol: one for one in request.instruments}


def _check(request: WhatIfRequest) -> None:
    """Refused (422) for trades that cannot be meant."""
    if not 1 <= len(request.trades) <= TRADES_MAX:
        raise Refused(422, f"{len(request.trades)} trades; give 1 to {TRADES_MAX}")
    for place, trade in enumerate(request.trades):
        if not trade.quantity.is_finite() or not trade.quantity:
            raise Refused(422, f"trades.{place}.quantity {trade.quantity} must be a number other than 0")
        if trade.price is not None and not (trade.price.is_finite() and trade.price > 0):
            raise Refused(422, f"trades.{place}.price {trade.price} must be above 0")
        if not (trade.fee.is_finite() and trade.fee >= 0):
            raise Refused(422, f"trades.{place}.fee {trade.fee} must be 0 or above")


def _report(desk: Desk, valuation: Valuation) -> RiskReport:
    return make_report(valuation, desk.factors(valuation), desk.history.version, valuation.recorded_at)


def _market_value(valuation: Valuation) -> Decimal | None:
    values = priced_values(valuation.positions, cash=True)
    return None if valuation.positions and not values else sum_money(values)


def _exposure_change(
    before: Valuation, after: Valuation, part: Callable[[Exposure], Decimal]
) -> AmountChange:
    def amount(valuation: Valuation) -> Decimal | None:
        if _market_value(valuation) is None:
            return None
        return part(exposure(priced_values(valuation.positions, cash=False)))

    return _change(amount(before), amount(after))


def _change(before: Decimal | None, after: Decimal | None) -> AmountChange:
    known = None if before is None or after is None else EXACT.subtract(after, before)
    return AmountChange(before=before, after=after, change=known)


def _measure(before: Measure, after: Measure) -> SupposedMeasure:
    change = None if before.value is None or after.value is None else after.value - before.value
    return SupposedMeasure(
        measure=before.measure,
        parameters=before.parameters,
        unit=before.unit,
        before=before.value,
        after=after.value,
        change=change,
        same_window=all(before.details.get(name) == after.details.get(name) for name in WINDOW),
        details_before=before.details,
        details_after=after.details,
        reason_before=before.reason,
        reason_after=after.reason,
    )


def _limit(
    desk: Desk, status: Status, before: tuple[Valuation, RiskReport], after: tuple[Valuation, RiskReport]
) -> SupposedLimit:
    """Both states from the newest known one, so that hysteresis acts as it would."""
    limit = status.limit
    levels = levels_at(limit, desk.limits.books.raises.get(limit.limit_id, ()), before[0].as_of)
    first, second = (
        read(limit, valuation, report, None if limit.scope == "portfolio" else desk.factors(valuation))
        for valuation, report in (before, after)
    )
    stands = limit_standing(levels, status.track.standing, first.value)
    would = limit_standing(levels, stands, second.value)
    return SupposedLimit(
        limit_id=limit.limit_id,
        scope=limit.scope,
        scope_value=limit.scope_value,
        measure=limit.measure,
        parameters=dict(limit.parameters),
        unit=first.unit,
        warning_level=levels.warning,
        hard_level=levels.hard,
        value_before=first.value,
        value_after=second.value,
        state_before=stands.state,
        state_after=would.state,
        changes=stands.state != would.state,
        message=second.message or first.message,
    )
