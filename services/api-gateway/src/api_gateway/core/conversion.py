"""A valuation in another currency, with the rates of the same valuation."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace

from contracts import PositionValue, Valuation
from quant.exposure import exposure
from quant.fx import convert
from quant.money import EXACT, round_rate, sum_money

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Converted:
    """A valuation and the units of its currency per unit of base currency."""

    valuation: Valuation
    fx_rate: Decimal


@dataclass(frozen=True, slots=True)
class Unconnected:
    """No rate of the valuation connects the wanted currency; `available` are those that are."""

    available: tuple[str, ...]


def in_currency(valuation: Valuation, currency: str | None) -> Converted | Unconnected:
    """The valuation with every base amount in `currency` (None: its own).

    One rate for all, 1 / fx_rates[currency], rounded half-even to 18 places once. Each position's amount is
    converted and rounded half-even to 8 places once; sums are sums of the rounded positions, so that all adds
    up exactly.
    """
    if currency is None or currency == valuation.currency:
        return Converted(valuation, ONE)
    rate = rate_between(valuation.fx_rates, valuation.currency, currency)
    if rate is None:
        return Unconnected(connected(valuation.fx_rates, valuation.currency))
    lines = tuple(_converted(line, rate) for line in valuation.positions)
    # What is realised counts closed positions too, so it is no sum of the lines.
    realized = _times(valuation.realized_pnl, rate)
    converted = replace(valuation, currency=currency, positions=lines, realized_pnl=realized)
    return Converted(_summed(converted), rate)


def rate_between(fx_rates: Mapping[str, Decimal], base_currency: str, currency: str) -> Decimal | None:
    """Units of currency per unit of base currency, 1 / fx_rates[currency] rounded half-even to 18 places."""
    if currency == base_currency:
        return ONE
    worth = fx_rates.get(currency)
    return None if worth is None else round_rate(EXACT.divide(ONE, worth))


def connected(fx_rates: Mapping[str, Decimal], base_currency: str) -> tuple[str, ...]:
    """The currencies that can be asked for."""
    return tuple(sorted({*fx_rates, base_currency}))


def _converted(line: PositionValue, rate: Decimal) -> PositionValue:
    price_part, fx_part = _times(line.price_pnl_base, rate), _times(line.fx_pnl_base, rate)
    # Known parts do not make a total: of a merged line the FX part of one holder may be unknown.
    total = None if line.unrealized_pnl_base is None else sum_money((price_part or ZERO, fx_part or ZERO))
    return replace(
        line,
        market_value_base=_times(line.market_value_base, rate),
        price_pnl_base=price_part,
        fx_pnl_base=fx_part,
        unrealized_pnl_base=total,
        realized_pnl_base=_times(line.realized_pnl_base, rate),
    )


def _summed(valuation: Valuation) -> Valuation:
    """The valuation with its sums taken from its positions; a sum that was null stays null."""
    lines = valuation.positions
    values = [line.market_value_base for line in lines if line.market_value_base is not None]
    whole = exposure(
        line.market_value_base
        for line in lines
        if line.market_value_base is not None and line.asset_class != "cash"
    )

    def total(before: Decimal | None, parts: list[Decimal | None]) -> Decimal | None:
        return None if before is None else sum_money(part for part in parts if part is not None)

    def known(before: Decimal | None, after: Decimal) -> Decimal | None:
        return None if before is None else after

    return replace(
        valuation,
        market_value=total(valuation.market_value, list(values)),
        unrealized_pnl=total(valuation.unrealized_pnl, [line.unrealized_pnl_base for line in lines]),
        unrealized_price_pnl=total(valuation.unrealized_price_pnl, [line.price_pnl_base for line in lines]),
        unrealized_fx_pnl=total(valuation.unrealized_fx_pnl, [line.fx_pnl_base for line in lines]),
        long_exposure=known(valuation.long_exposure, whole.long),
        short_exposure=known(valuation.short_exposure, whole.short),
        gross_exposure=known(valuation.gross_exposure, whole.gross),
        net_exposure=known(valuation.net_exposure, whole.net),
    )


def _times(amount: Decimal | None, rate: Decimal) -> Decimal | None:
    return None if amount is None else convert(amount, rate)
