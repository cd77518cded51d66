"""Value and unrealised profit of one position, in its own and in the portfolio's currency, exact decimals."""

from dataclasses import dataclass
from decimal import Decimal

from quant.money import EXACT, product, round_money
from quant.result import Missing, Result


@dataclass(frozen=True, slots=True)
class PositionMark:
    """Money of one position, each amount rounded half-even to 8 places once; gains are positive.

    `market_value` and `unrealized_pnl` are in the currency of the price, the others in the base currency.
    `fx_pnl_base` is None when the rate at cost is unknown, and so is the total, `unrealized_pnl_base`.
    """

    market_value: Decimal
    market_value_base: Decimal
    unrealized_pnl: Decimal
    unrealized_pnl_base: Decimal | None
    price_pnl_base: Decimal
    fx_pnl_base: Decimal | None


def mark_position(
    *,
    quantity: Decimal,
    average_cost: Decimal,
    multiplier: Decimal,
    price: Decimal | None,
    fx_rate: Decimal | None,
    cost_fx_rate: Decimal | None,
) -> Result[PositionMark]:
    """Mark one position at a price and a rate of the same market time.

    Inputs: signed quantity in units (long > 0); average cost and price per unit in the position's currency;
    contract multiplier; fx_rate and cost_fx_rate in units of base currency per unit of the position's
    currency, now and when the position was taken. All finite.
    Formulas: market value = q*m*price; in base times fx. Unrealised P&L = (price-cost)*q*m; in base its price
    part is (price-cost)*q*m*fx and its FX part is cost*q*m*(fx-cost_fx); their sum is exactly price*q*m*fx -
    cost*q*m*cost_fx before rounding. The total is the sum of the two rounded parts, so the parts always add
    up.
    Edge cases: quantity 0 gives 0 everywhere; base-currency positions (both rates 1) and those that cost
    nothing have an FX part of 0. Otherwise FX part and total are None when cost_fx_rate is.
    Errors: Missing("no_price") or Missing("no_fx_rate") when that input is None; Missing("not_finite") for
    NaN or infinity.
    Source: cost held at historical rate, as in docs/reference/measures.md, section Unrealised P&L.
    """
    if price is None:
        return Missing("no_price", "the position has no price")
    if fx_rate is None:
        return Missing("no_fx_rate", "no rate connects the position's currency with the base currency")
    if not (price.is_finite() and fx_rate.is_finite()):
        return Missing("not_finite", f"price {price} and rate {fx_rate} must be finite")
    units = product(quantity, multiplier)
    gain = product(EXACT.subtract(price, average_cost), units)
    value = product(price, units)
    price_part = round_money(product(gain, fx_rate))
    fx_part = _fx_part(product(average_cost, units), fx_rate, cost_fx_rate)
    return PositionMark(
        market_value=round_money(value),
        market_value_base=round_money(product(value, fx_rate)),
        unrealized_pnl=round_money(gain),
        unrealized_pnl_base=None if fx_part is None else EXACT.add(price_part, fx_part),
        price_pnl_base=price_part,
        fx_pnl_base=fx_part,
    )


def _fx_part(cost: Decimal, fx_rate: Decimal, cost_fx_rate: Decimal | None) -> Decimal | None:
    """What the rate made of the cost since then; None when it is not known since when."""
    if not cost:
        return round_money(cost)
    return None if cost_fx_rate is None else round_money(product(cost, EXACT.subtract(fx_rate, cost_fx_rate)))
