"""From a valuation to the answers about value and positions."""

from decimal import Decimal

from api_gateway.core.conversion import Converted
from api_gateway.core.view import no_coverage
from api_gateway.core.worth import worth
from api_gateway.schemas.common import Money
from api_gateway.schemas.values import PositionLine, PositionList, Value
from contracts import Basis, PositionValue, Valuation


def value(converted: Converted, base_currency: str) -> Value:
    """The value of a portfolio."""
    v = converted.valuation
    found = worth(v)
    return Value(
        portfolio_id=v.portfolio_id,
        basis=v.basis,
        as_of=v.as_of,
        recorded_at=v.recorded_at,
        revision=v.revision,
        valuation_id=v.valuation_id,
        currency=v.currency,
        market_value=money(v.market_value, v.currency),
        unrealized_pnl=money(v.unrealized_pnl, v.currency),
        unrealized_price_pnl=money(v.unrealized_price_pnl, v.currency),
        unrealized_fx_pnl=money(v.unrealized_fx_pnl, v.currency),
        realized_pnl=money(v.realized_pnl, v.currency),
        long_exposure=money(v.long_exposure, v.currency),
        short_exposure=money(v.short_exposure, v.currency),
        gross_exposure=money(v.gross_exposure, v.currency),
        net_exposure=money(v.net_exposure, v.currency),
        cash=money(found.cash, v.currency),
        nav=money(found.nav, v.currency),
        leverage=found.leverage,
        leverage_reason=found.leverage_reason,
        members=v.members,
        coverage=v.coverage,
        base_currency=base_currency,
        fx_rate=converted.fx_rate,
    )


def unvalued(portfolio_id: str, basis: Basis, base_currency: str) -> Value:
    """The answer for a known portfolio that was not valued yet: nothing is zero, everything is missing."""
    return Value(
        portfolio_id=portfolio_id,
        basis=basis,
        as_of=None,
        recorded_at=None,
        revision=0,
        valuation_id=None,
        currency=base_currency,
        market_value=None,
        unrealized_pnl=None,
        unrealized_price_pnl=None,
        unrealized_fx_pnl=None,
        realized_pnl=None,
        long_exposure=None,
        short_exposure=None,
        gross_exposure=None,
        net_exposure=None,
        cash=None,
        nav=None,
        leverage=None,
        leverage_reason=None,
        members=None,
        coverage=no_coverage(),
        base_currency=base_currency,
        fx_rate=None,
    )


def positions(valuation: Valuation) -> PositionList:
    """Every position of a valuation, by symbol."""
    lines = sorted(valuation.positions, key=lambda line: line.symbol)
    return PositionList(
        portfolio_id=valuation.portfolio_id,
        basis=valuation.basis,
        as_of=valuation.as_of,
        recorded_at=valuation.recorded_at,
        valuation_id=valuation.valuation_id,
        currency=valuation.currency,
        coverage=valuation.coverage,
        data=tuple(_line(line, valuation.currency) for line in lines),
    )


def no_positions(portfolio_id: str, basis: Basis, base_currency: str) -> PositionList:
    """The same before the first valuation."""
    return PositionList(
        portfolio_id=portfolio_id,
        basis=basis,
        as_of=None,
        recorded_at=None,
        valuation_id=None,
        currency=base_currency,
        coverage=no_coverage(),
        data=(),
    )


def money(amount: Decimal | None, currency: str) -> Money | None:
    """An amount with its currency; a missing amount stays missing."""
    return None if amount is None else Money(amount, currency)


def _line(line: PositionValue, currency: str) -> PositionLine:
    return PositionLine(
        symbol=line.symbol,
        asset_class=line.asset_class,
        quantity=line.quantity,
        average_cost=line.average_cost,
        multiplier=line.multiplier,
        currency=line.currency,
        price=line.price,
        price_as_of=line.price_as_of,
        price_id=line.price_id,
        fx_rate=line.fx_rate,
        fx_id=line.fx_id,
        market_value=money(line.market_value, line.currency),
        market_value_base=money(line.market_value_base, currency),
        unrealized_pnl=money(line.unrealized_pnl, line.currency),
        unrealized_pnl_base=money(line.unrealized_pnl_base, currency),
        price_pnl_base=money(line.price_pnl_base, currency),
        fx_pnl_base=money(line.fx_pnl_base, currency),
        realized_pnl_base=money(line.realized_pnl_base, currency),
        cost_fx_rate=line.cost_fx_rate,
        position_as_of=line.position_as_of,
        position_version=line.position_version,
        price_age_seconds=line.price_age_seconds,
        stale=line.stale,
        sector=line.sector,
        exchange=line.exchange,
        issuer=line.issuer,
        option=line.option,
    )
