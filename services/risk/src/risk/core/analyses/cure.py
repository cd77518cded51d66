"""The smallest trade that brings a limit back."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from msgspec.structs import replace

from contracts import PositionValue, Valuation
from contracts.analysis.limits import CureAnswer, CureRequest
from measuring.core.readings import Reading, in_scope, read
from quant import FactorMatrix, round_money
from quant.limit_cure import CureTrade, smallest_trade
from quant.money import EXACT, product
from risk.core.desk import Desk, Refused
from risk.core.limits.book import Status

ONE = Decimal(1)


def cure(desk: Desk, request: CureRequest) -> CureAnswer:
    """The least change of one held name's market value that re-arms the limit, on the newest live value.

    The limited measure is recomputed in full for every trade looked at, over the same scenarios as before.
    """
    status = desk.limits.status(request.limit_id)
    if status is None:
        raise Refused(404, f"no active limit {request.limit_id!r}: GET /v1/portfolios/.../limits lists them")
    valuation = desk.valuation(status.limit.portfolio_id, "last")
    search = _Search(status, valuation, desk.factors(valuation))
    before = search.measured(None)
    if before.value is None:
        return _answer(search, before, None, f"the value is unknown: {before.message}")
    if before.value < search.target:
        return _answer(search, before, None, None)
    found = smallest_trade(search.market_values(), search.measure, search.target, search.largest())
    message = (
        None if found is not None else "no trade in a single held name brings the value below the target"
    )
    return _answer(search, before, found, message)


@dataclass(frozen=True, slots=True)
class _Search:
    """A limit on one valuation, measured with supposed trades."""

    status: Status
    valuation: Valuation
    factors: FactorMatrix | None

    @property
    def target(self) -> float:
        """Below it the limit is re-armed: hysteresis must not leave it in BREACH."""
        levels = self.status.levels
        return levels.hard * (1.0 - levels.hysteresis)

    def market_values(self) -> dict[str, float]:
        """What can be traded: priced names in scope; for a share of the whole, all priced names."""
        limit = self.status.limit
        whole = limit.measure == "share_of_gross"
        held = self.valuation.positions if whole else in_scope(limit, self.valuation.positions)
        return {
            one.symbol: float(one.market_value_base)
            for one in held
            if one.market_value_base is not None and one.quantity and one.asset_class != "cash"
        }

    def largest(self) -> float:
        """Trades up to the gross value of the book are looked at."""
        return sum(abs(value) for value in self.market_values().values())

    def measure(self, symbol: str, change: float) -> float | None:
        held = self._held(symbol)
        value = held.market_value_base or ONE
        return self.measured((symbol, EXACT.divide(EXACT.add(value, Decimal(repr(change))), value))).value

    def measured(self, scaled: tuple[str, Decimal] | None) -> Reading:
        """The reading with one position scaled by a factor."""
        valuation = self.valuation
        if scaled is not None:
            symbol, factor = scaled
            positions = tuple(
                _scaled(one, factor) if one.symbol == symbol else one for one in valuation.positions
            )
            valuation = replace(valuation, positions=positions)
        return read(self.status.limit, valuation, None, self.factors)

    def whole_units(self, trade: CureTrade) -> tuple[Decimal, Decimal, float | None]:
        """Quantity rounded away from zero, its market value, and the measure with it."""
        held = self._held(trade.symbol)
        per_unit = EXACT.divide(held.market_value_base or ONE, held.quantity)
        units = EXACT.divide(Decimal(repr(trade.change)), per_unit)
        whole = units.copy_abs().to_integral_value(ROUND_CEILING).copy_sign(units)
        factor = EXACT.divide(EXACT.add(held.quantity, whole), held.quantity)
        return whole, round_money(product(whole, per_unit)), self.measured((trade.symbol, factor)).value

    def _held(self, symbol: str) -> PositionValue:
        return next(one for one in self.valuation.positions if one.symbol == symbol)


def _scaled(position: PositionValue, factor: Decimal) -> PositionValue:
    value, base = position.market_value, position.market_value_base
    return replace(
        position,
        quantity=product(position.quantity, factor),
        market_value=None if value is None else product(value, factor),
        market_value_base=None if base is None else product(base, factor),
    )


def _answer(search: _Search, before: Reading, found: CureTrade | None, message: str | None) -> CureAnswer:
    limit = search.status.limit
    trade = None if found is None else search.whole_units(found)
    return CureAnswer(
        limit_id=limit.limit_id,
        portfolio_id=limit.portfolio_id,
        valuation_id=search.valuation.valuation_id,
        as_of=search.valuation.as_of,
        measure=limit.measure,
        unit=before.unit,
        value=before.value,
        target=search.target,
        needed=before.value is not None and before.value >= search.target,
        symbol=None if found is None else found.symbol,
        quantity=None if trade is None else trade[0],
        market_value=None if trade is None else trade[1],
        value_after=None if trade is None else trade[2],
        message=message,
    )
