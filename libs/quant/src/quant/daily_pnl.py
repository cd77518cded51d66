"""Profit and loss of one position between two closes, as parts that add up to the last digit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quant.ledger import Fill
from quant.money import EXACT, ZERO, product, round_money, sum_money
from quant.result import Missing, Result

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class DayPnl:
    """One day of one position in base currency, every amount rounded half-even to 8 places once.

    `total` is the exact sum price + fx + trading + income - fees of the rounded parts. `flow` is the money
    that fills put into the position, at the closing rate. Before rounding total = closing_value -
    opening_value - flow + income - fees.
    """

    price: Decimal
    fx: Decimal
    trading: Decimal
    income: Decimal
    fees: Decimal
    opening_value: Decimal
    closing_value: Decimal
    flow: Decimal
    closing_quantity: Decimal

    @property
    def total(self) -> Decimal:
        """What the day brought."""
        return EXACT.subtract(sum_money((self.price, self.fx, self.trading, self.income)), self.fees)

    @property
    def hypothetical(self) -> Decimal:
        """What the opening book would have brought without any trade: price + fx + income (Basel MAR32.5)."""
        return sum_money((self.price, self.fx, self.income))

    @property
    def actual(self) -> Decimal:
        """What Basel backtests as actual: intraday trades in, fees and commissions out (MAR32.4)."""
        return EXACT.add(self.total, self.fees)


def daily_pnl(
    *,
    quantity: Decimal,
    opening_price: Decimal | None,
    closing_price: Decimal | None,
    opening_fx_rate: Decimal | None,
    closing_fx_rate: Decimal | None,
    fills: Sequence[Fill] = (),
    multiplier: Decimal = ONE,
    split_ratio: Decimal = ONE,
    dividend: Decimal = ZERO,
) -> Result[DayPnl]:
    """Attribute the profit of one position from the previous close to this one.

    Inputs: signed units held at the previous close q0 and its price p0, both in units from before a split of
    the day; closing price p1 in units of after it; rates fx0, fx1 in base currency per unit of local
    currency; the fills q_i, p_i between the closes in units of after the split, with their fees in local
    currency; contract multiplier m; new units per old one s; cash per unit held at the previous close d. On a
    holiday of the exchange hand over the same price twice: the rate alone moves then.
    Output: DayPnl in base currency; gains are positive, fees at or above zero.
    Formulas: price = (q0*s*p1 - q0*p0)*m*fx1; fx = q0*p0*m*(fx1 - fx0); trading = sum q_i*(p1 - p_i)*m*fx1;
    income = q0*d*m*fx1, so a short position pays; fees = sum fee_i*fx1. The cross term of price and rate
    is in the price part.
    Edge cases: nothing held at the previous close needs no p0 and fx0; nothing held and no fill is 0 without
    any input. The order of the fills does not matter.
    Errors: Missing("no_price") or Missing("no_fx_rate") names the input that lacks; Missing("not_finite") for
    NaN or infinity; Missing("not_positive_value") for a rate at or below zero. ValueError for a split ratio
    or multiplier at or below zero.
    Source: docs/reference/measures/pnl.md.
    """
    if split_ratio <= 0 or multiplier <= 0:
        raise ValueError(f"split ratio {split_ratio} and multiplier {multiplier} must be above zero")
    if not quantity and not fills:
        return DayPnl(*[ZERO] * 9)
    prices = (opening_price if quantity else ZERO), closing_price
    rates = (opening_fx_rate if quantity else ONE), closing_fx_rate
    missing = _missing(prices, rates)
    if missing is not None:
        return missing
    p0, p1 = _present(*prices)
    fx0, fx1 = _present(*rates)
    units = product(quantity, multiplier)
    opening, held = product(units, p0), product(units, split_ratio, p1)
    bought = sum_money(fill.quantity for fill in fills)
    paid = product(sum_money(product(fill.quantity, fill.price) for fill in fills), multiplier)
    closing_quantity = EXACT.add(product(quantity, split_ratio), bought)
    return DayPnl(
        price=round_money(product(EXACT.subtract(held, opening), fx1)),
        fx=round_money(product(opening, EXACT.subtract(fx1, fx0))),
        trading=round_money(product(EXACT.subtract(product(bought, multiplier, p1), paid), fx1)),
        income=round_money(product(units, dividend, fx1)),
        fees=round_money(product(sum_money(fill.fee for fill in fills), fx1)),
        opening_value=round_money(product(opening, fx0)),
        closing_value=round_money(product(closing_quantity, multiplier, p1, fx1)),
        flow=round_money(product(paid, fx1)),
        closing_quantity=closing_quantity,
    )


def sum_days(days: Sequence[DayPnl]) -> DayPnl:
    """The parts of a book, or of a stretch of days: sums of rounded parts, so nothing is rounded again.

    `closing_quantity` is summed too and means something for one symbol only. No day gives zeros.
    """
    rows = [_columns(day) for day in days]
    return DayPnl(*(sum_money(row[column] for row in rows) for column in range(9)))


def top_movers(
    totals: Mapping[str, Decimal], count: int = 5
) -> tuple[list[tuple[str, Decimal]], list[tuple[str, Decimal]]]:
    """The largest gains and the largest losses, each at most `count`.

    Inputs: total P&L by symbol. Output: (gainers, losers), largest amount first, equal amounts by symbol, so
    that the same day always gives the same list. A total of 0 is in neither.
    Errors: ValueError for a count below zero.
    """
    if count < 0:
        raise ValueError(f"cannot list {count} positions")
    ranked = sorted(totals.items(), key=lambda one: (-one[1], one[0]))
    gainers = [one for one in ranked if one[1] > 0]
    losers = sorted((one for one in ranked if one[1] < 0), key=lambda one: (one[1], one[0]))
    return gainers[:count], losers[:count]


def _missing(prices: tuple[Decimal | None, ...], rates: tuple[Decimal | None, ...]) -> Missing | None:
    when = ("at the previous close", "at the close")
    for price, moment in zip(prices, when, strict=True):
        if price is None:
            return Missing("no_price", f"no price {moment}")
    for rate, moment in zip(rates, when, strict=True):
        if rate is None:
            return Missing("no_fx_rate", f"no rate into the base currency {moment}")
    numbers = _present(*prices, *rates)
    if not all(number.is_finite() for number in numbers):
        return Missing("not_finite", f"prices and rates must be finite, were {', '.join(map(str, numbers))}")
    if any(rate <= 0 for rate in _present(*rates)):
        return Missing("not_positive_value", "a rate must be above zero")
    return None


def _present(*numbers: Decimal | None) -> list[Decimal]:
    return [number for number in numbers if number is not None]


def _columns(day: DayPnl) -> tuple[Decimal, ...]:
    parts = (day.price, day.fx, day.trading, day.income, day.fees)
    return (*parts, day.opening_value, day.closing_value, day.flow, day.closing_quantity)
