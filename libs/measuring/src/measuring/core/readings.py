"""What a limit measures of one valuation, or why that cannot be known."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from contracts import Measure as MeasureMessage
from contracts import PositionValue, RiskReport, Valuation
from measuring.core.definitions import Definition
from measuring.core.reports import book_of
from quant import Exposure, FactorMatrix, Missing, exposure, leverage, split_pair, sum_money
from quant.limits import LIMIT_EXPOSURES, limit_measure
from quant.money import product

UnknownReason = Literal["unmeasured", "uncovered", "stale"]
HUNDRED = 100.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a limit's measure in its unit; None with a reason and a sentence when it is unknown."""

    value: float | None
    unit: str
    reason: UnknownReason | None = None
    message: str | None = None


def read(
    limit: Definition, valuation: Valuation, report: RiskReport | None, factors: FactorMatrix | None
) -> Reading:
    """The measure of what the limit is about.

    Parameters: the report of this valuation, whose numbers are taken where the limit is about the whole
    portfolio; without one, and for a part of the portfolio, the measure is computed from `factors`.
    """
    unit = unit_of(limit, valuation)
    held = in_scope(limit, valuation.positions)
    sure = sum(1 for one in held if one.market_value_base is not None and not one.stale)
    if held and sure / len(held) < limit.minimum_coverage:
        message = (
            f"{sure} of {len(held)} positions are priced and fresh, the limit needs a share of "
            f"{limit.minimum_coverage:g}"
        )
        return Reading(None, unit, "uncovered", message)
    if limit.measure in LIMIT_EXPOSURES:
        found = _exposure(limit, valuation, held)
    else:
        found = _measure(limit, valuation, held, report, factors)
    if isinstance(found, Missing):
        return Reading(None, unit, "unmeasured", f"{found.reason}: {found.message}")
    return Reading(found, unit)


def in_scope(limit: Definition, positions: Iterable[PositionValue]) -> tuple[PositionValue, ...]:
    """The positions a limit is about; a currency pair belongs to both of its currencies."""
    if limit.scope == "portfolio":
        return tuple(positions)
    return tuple(one for one in positions if limit.scope_value in _labels(limit.scope, one))


def _labels(scope: str, position: PositionValue) -> tuple[str | None, ...]:
    match scope:
        case "asset":
            return (position.symbol,)
        case "asset_class":
            return (position.asset_class,)
        case "currency":
            return split_pair(position.symbol) if position.asset_class == "fx" else (position.currency,)
        case "sector":
            return (position.sector or "Unclassified",)
        case _:
            return (position.issuer or position.symbol,)


def unit_of(limit: Definition, valuation: Valuation) -> str:
    """The unit of what a limit measures: a currency, ratio or percent."""
    row = limit_measure(limit.measure, limit.parameters)
    unit = LIMIT_EXPOSURES[limit.measure] if row is None else row.unit
    return valuation.currency if unit == "currency" else unit


def _exposure(limit: Definition, valuation: Valuation, held: tuple[PositionValue, ...]) -> float | Missing:
    if limit.measure == "daily_loss":
        return _daily_loss(limit, valuation, held)
    if held and all(one.market_value_base is None for one in held):
        return Missing("unpriced", f"none of {len(held)} positions in scope is priced")
    found = exposure(_amounts(limit, held))
    match limit.measure:
        case "leverage":
            return _leverage(found, valuation)
        case "share_of_gross":
            return _share(found, valuation)
        case "net":
            return abs(float(found.net))
        case "short":
            return abs(float(found.short))
        case "long":
            return float(found.long)
        case _:
            return float(found.gross)


def _amounts(limit: Definition, held: tuple[PositionValue, ...]) -> list[Decimal]:
    """Signed market values in base currency; of a currency pair the legs in the limited currency alone."""
    amounts: list[Decimal] = []
    for one in held:
        if one.market_value_base is None:
            continue
        if limit.scope == "currency" and one.asset_class == "fx":
            amounts.append(_leg(one, one.market_value_base, limit.scope_value or ""))
        elif one.asset_class != "cash" or limit.scope != "portfolio":
            amounts.append(one.market_value_base)
    return amounts


def _leg(position: PositionValue, market_value: Decimal, currency: str) -> Decimal:
    """What a pair stands for in one of its currencies: the value held, or minus the cost owed for it."""
    if split_pair(position.symbol)[0] == currency:
        return market_value
    rate = position.fx_rate if position.fx_rate is not None else Decimal(1)
    cost = product(position.average_cost, position.quantity, position.multiplier, rate)
    return cost.copy_negate()


def _leverage(found: Exposure, valuation: Valuation) -> float | Missing:
    cash = sum_money(
        one.market_value_base
        for one in valuation.positions
        if one.asset_class == "cash" and one.market_value_base is not None
    )
    result = leverage(found.gross, found.net + cash)
    return result if isinstance(result, Missing) else float(result)


def _share(found: Exposure, valuation: Valuation) -> float | Missing:
    whole = exposure(
        one.market_value_base
        for one in valuation.positions
        if one.market_value_base is not None and one.asset_class != "cash"
    ).gross
    if not whole:
        return Missing("flat_book", "gross exposure is 0, so no share can be given")
    return HUNDRED * float(found.gross) / float(whole)


def _daily_loss(limit: Definition, valuation: Valuation, held: tuple[PositionValue, ...]) -> float | Missing:
    """The loss since the previous close; a gain is negative."""
    if limit.scope == "portfolio":
        day = valuation.daily_pnl
        if day is None or day.total is None or day.unknown:
            return Missing("no_price", "the profit of the day of some position cannot be told")
        return -float(day.total)
    totals = [one.daily_pnl.total for one in held if one.daily_pnl is not None]
    known = [total for total in totals if total is not None]
    if len(known) < len(held):
        return Missing("no_price", f"the profit of the day of {len(held) - len(known)} positions is not told")
    return -float(sum_money(known))


def _measure(
    limit: Definition,
    valuation: Valuation,
    held: tuple[PositionValue, ...],
    report: RiskReport | None,
    factors: FactorMatrix | None,
) -> float | Missing:
    row = limit_measure(limit.measure, limit.parameters)
    assert row is not None, "the caller takes exposures apart"
    if report is not None and limit.scope == "portfolio":
        return _reported(report, limit)
    found = row.evaluate(book_of(replace(valuation, positions=held), factors))
    return found if isinstance(found, Missing) else found.value


def _reported(report: RiskReport, limit: Definition) -> float | Missing:
    rows: list[MeasureMessage] = [
        row
        for row in report.measures
        if row.measure == limit.measure and limit.parameters.items() <= row.parameters.items()
    ]
    if len(rows) != 1:
        return Missing("no_history", f"{len(rows)} numbers of the report fit the limit")
    (row,) = rows
    if row.value is None:
        return Missing("no_history", f"{row.reason}: {row.details.get('message', '')}")
    return row.value
