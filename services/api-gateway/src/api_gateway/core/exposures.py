"""From a valuation to what the book is exposed to."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from api_gateway.core.conversion import Converted
from api_gateway.core.view import no_coverage
from api_gateway.core.worth import Line, legs, priced, worth
from api_gateway.schemas.common import Money
from api_gateway.schemas.exposures import ExposureGroup, Exposures, FxLeg, Grouping
from contracts import Basis
from quant import Exposure, OptionExposure, exposure_by, option_exposure, sum_money
from quant.exposure import PERCENT_QUANTUM
from quant.money import EXACT, plain, product

ZERO = Decimal(0)
UNPRICED = frozenset({"no_price", "no_fx_rate", "unknown_instrument", "currency_mismatch"})


def exposures(converted: Converted, by: Grouping | None = None) -> Exposures:
    """Exposure of the book and of its groups, of one grouping or all; unpriced positions are listed."""
    valuation, currency = converted.valuation, converted.valuation.currency
    found, lines = worth(valuation), priced(valuation)
    options = [(line, _option(line, converted.fx_rate)) for line in lines]
    held = [line for line in lines if not line.is_cash]

    def grouped(name: Grouping) -> tuple[ExposureGroup, ...] | None:
        if by not in (None, name):
            return None
        labelled = (
            _by_currency(lines) if name == "currency" else ((_label(one, name), one.value) for one in held)
        )
        return _groups(labelled, currency)

    return Exposures(
        portfolio_id=valuation.portfolio_id,
        basis=valuation.basis,
        as_of=valuation.as_of,
        recorded_at=valuation.recorded_at,
        valuation_id=valuation.valuation_id,
        currency=currency,
        long=_money(valuation.long_exposure, currency),
        short=_money(valuation.short_exposure, currency),
        gross=_money(valuation.gross_exposure, currency),
        net=_money(valuation.net_exposure, currency),
        cash=_money(found.cash, currency),
        nav=_money(found.nav, currency),
        leverage=found.leverage,
        leverage_reason=found.leverage_reason,
        delta_adjusted=_money(_delta_adjusted(options), currency),
        option_notional=_money(_notional(options), currency),
        by_asset=grouped("asset"),
        by_asset_class=grouped("asset_class"),
        by_currency=grouped("currency"),
        by_sector=grouped("sector"),
        by_exchange=grouped("exchange"),
        by_issuer=grouped("issuer"),
        fx_legs=tuple(_fxlegs(lines, currency)),
        unpriced=tuple(note for note in valuation.coverage.notes if note.reason in UNPRICED),
        coverage=valuation.coverage,
    )


def no_exposures(
    portfolio_id: str, basis: Basis, base_currency: str, by: Grouping | None = None
) -> Exposures:
    """The same before the first valuation."""

    def empty(name: Grouping) -> tuple[ExposureGroup, ...] | None:
        return () if by in (None, name) else None

    return Exposures(
        portfolio_id=portfolio_id,
        basis=basis,
        as_of=None,
        recorded_at=None,
        valuation_id=None,
        currency=base_currency,
        long=None,
        short=None,
        gross=None,
        net=None,
        cash=None,
        nav=None,
        leverage=None,
        leverage_reason=None,
        delta_adjusted=None,
        option_notional=None,
        by_asset=empty("asset"),
        by_asset_class=empty("asset_class"),
        by_currency=empty("currency"),
        by_sector=empty("sector"),
        by_exchange=empty("exchange"),
        by_issuer=empty("issuer"),
        fx_legs=(),
        unpriced=(),
        coverage=no_coverage(),
    )


def _label(line: Line, name: Grouping) -> str | None:
    found: str | None = getattr(line.position, "symbol" if name == "asset" else name)
    return found


def _by_currency(lines: Iterable[Line]) -> Iterator[tuple[str, Decimal]]:
    """Every priced position in the currencies it stands for, cash included."""
    for line in lines:
        found = legs(line)
        if found is None:
            yield line.position.currency, line.value
        else:
            yield from ((leg.currency, leg.value) for leg in found)


def _fxlegs(lines: Iterable[Line], currency: str) -> Iterator[FxLeg]:
    for line in lines:
        for leg in legs(line) or ():
            yield FxLeg(
                symbol=line.position.symbol,
                currency=leg.currency,
                amount=plain(leg.amount),
                value=Money(leg.value, currency),
            )


def _option(line: Line, fx_rate: Decimal) -> OptionExposure | None:
    """What an option is exposed to; `fx_rate` is units of the answer's currency per unit of base currency."""
    position = line.position
    if position.option is None:
        return None
    return option_exposure(
        delta=position.option.delta,
        quantity=position.quantity,
        multiplier=position.multiplier,
        spot=position.option.spot,
        fx_rate=product(position.fx_rate or ZERO, fx_rate),
    )


def _delta_adjusted(options: list[tuple[Line, OptionExposure | None]]) -> Decimal | None:
    """Net exposure with options at their delta-adjusted amount; None without any option."""
    if all(option is None for _, option in options):
        return None
    held = ((line, option) for line, option in options if not line.is_cash)
    return sum_money(line.value if option is None else option.delta_adjusted for line, option in held)


def _notional(options: list[tuple[Line, OptionExposure | None]]) -> Decimal | None:
    amounts = [option.notional.copy_abs() for _, option in options if option is not None]
    return sum_money(amounts) if amounts else None


def _groups(labelled: Iterable[tuple[str | None, Decimal]], currency: str) -> tuple[ExposureGroup, ...]:
    groups = exposure_by(labelled)
    # Not the gross of the book: currencies count both legs of a pair, and cash. So shares add up to 1.
    gross = sum_money(part.gross for part in groups.values())
    return tuple(_group(name, part, gross, currency) for name, part in groups.items())


def _group(name: str, part: Exposure, gross: Decimal, currency: str) -> ExposureGroup:
    share = plain(EXACT.quantize(EXACT.divide(part.gross, gross), PERCENT_QUANTUM)) if gross else None
    return ExposureGroup(
        name=name,
        long=Money(part.long, currency),
        short=Money(part.short, currency),
        gross=Money(part.gross, currency),
        net=Money(part.net, currency),
        share=share,
    )


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)
