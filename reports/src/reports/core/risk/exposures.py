"""What a closing valuation is exposed to, by class and by currency, as GET /v1/portfolios/{id}/exposures."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from contracts import PositionValue
from quant import CurrencyLeg, exposure_by, pair_legs, split_pair, sum_money
from quant.exposure import PERCENT_QUANTUM
from quant.money import EXACT, ZERO, plain, product
from reports.core.risk.shapes import Group


def by_asset_class(positions: Sequence[PositionValue]) -> tuple[Group, ...]:
    """Of what is priced, without cash."""
    return _groups((one.asset_class, value) for one, value in _priced(positions) if one.asset_class != "cash")


def by_currency(positions: Sequence[PositionValue]) -> tuple[Group, ...]:
    """Of what is priced, with cash and both legs of currency pairs."""
    return _groups(pair for one, value in _priced(positions) for pair in _currencies(one, value))


def _priced(positions: Iterable[PositionValue]) -> Iterator[tuple[PositionValue, Decimal]]:
    return ((one, one.market_value_base) for one in positions if one.market_value_base is not None)


def _currencies(one: PositionValue, value: Decimal) -> list[tuple[str | None, Decimal]]:
    legs = _legs(one, value)
    return [(one.currency, value)] if legs is None else [(leg.currency, leg.value) for leg in legs]


def _legs(one: PositionValue, value: Decimal) -> tuple[CurrencyLeg, CurrencyLeg] | None:
    """Held and owed currency of a position in a pair; None for anything else."""
    if one.asset_class != "fx":
        return None
    try:
        split_pair(one.symbol)
    except ValueError:
        return None
    cost = EXACT.subtract(value, one.price_pnl_base or ZERO)
    return pair_legs(one.symbol, product(one.quantity, one.multiplier), one.average_cost, value, cost)


def _groups(labelled: Iterable[tuple[str | None, Decimal]]) -> tuple[Group, ...]:
    groups = exposure_by(labelled)
    gross = sum_money(part.gross for part in groups.values())
    return tuple(
        Group(
            name=name,
            long=plain(part.long),
            short=plain(part.short),
            gross=plain(part.gross),
            net=plain(part.net),
            share=plain(EXACT.quantize(EXACT.divide(part.gross, gross), PERCENT_QUANTUM)) if gross else None,
        )
        for name, part in groups.items()
    )
