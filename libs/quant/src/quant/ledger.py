"""From fills, splits and dividends to a position: units, cost, what was realised. Exact decimals.

Totals are kept instead of averages, so nothing is lost by rounding: whatever part of a cost is released by a
sale, the rest is the exact difference. Money is rounded once, when it is asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeAlias

from quant.money import EXACT, ZERO, product, round_money, round_rate, sum_money
from quant.result import Missing, Result

ONE = Decimal(1)
CostMethod: TypeAlias = Literal["average", "fifo"]
"""Which units a sale takes: a share of all of them (average cost), or the oldest first."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution: signed units (bought > 0) at a price per unit, fee zero or more, both in local currency.

    `executed_at` is an integer clock (microseconds); (executed_at, seq, fill_id) is the order of fills.
    `fx_rate` is base currency per unit of local currency at the fill, None when it is not known.
    """

    quantity: Decimal
    price: Decimal
    executed_at: int = 0
    seq: int = 0
    fill_id: str = ""
    fee: Decimal = ZERO
    fx_rate: Decimal | None = ONE

    @property
    def order(self) -> tuple[int, int, int, str]:
        return self.executed_at, 1, self.seq, self.fill_id


@dataclass(frozen=True, slots=True)
class Split:
    """`ratio` new units per old one, from `effective_at` on and before the fills of that moment."""

    ratio: Decimal
    effective_at: int = 0

    @property
    def order(self) -> tuple[int, int, int, str]:
        return self.effective_at, 0, 1, ""


@dataclass(frozen=True, slots=True)
class CashDividend:
    """`amount` per unit held before `effective_at`, in local currency.

    A short position pays. Of one moment it comes before a split, since it is paid per old unit.
    """

    amount: Decimal
    effective_at: int = 0
    fx_rate: Decimal | None = ONE

    @property
    def order(self) -> tuple[int, int, int, str]:
        return self.effective_at, 0, 0, ""


Entry: TypeAlias = Fill | Split | CashDividend
"""Whatever changes a ledger."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Open units that were taken together.

    `cost` is the sum of units x price in local currency, `cost_base` the same at the rates of the fills, None
    when one of these is unknown. All have the sign of the position; the multiplier is not in them.
    """

    quantity: Decimal
    cost: Decimal
    cost_base: Decimal | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A position with its past. Local amounts first, then in base currency at the rates of their moments.

    `gains` is what sales brought over their cost, `fees` what was paid for fills, `income` dividends; none
    includes another. `fx_gains_base` is the rate's part on the cost released. `unconverted` counts gains and
    fees whose rate was unknown, which the amounts in base currency lack, `unconverted_income` dividends;
    `fx_known` tells whether the rate at cost was known whenever units were closed.
    """

    method: CostMethod = "average"
    multiplier: Decimal = ONE
    lots: tuple[Lot, ...] = ()
    gains: Decimal = ZERO
    fees: Decimal = ZERO
    income: Decimal = ZERO
    gains_base: Decimal = ZERO
    fx_gains_base: Decimal = ZERO
    fees_base: Decimal = ZERO
    income_base: Decimal = ZERO
    unconverted: int = 0
    unconverted_income: int = 0
    fx_known: bool = True

    @property
    def quantity(self) -> Decimal:
        """Signed units held."""
        return sum_money(lot.quantity for lot in self.lots)

    @property
    def cost(self) -> Decimal:
        """Sum of units x price of what is held, local, signed as the position."""
        return sum_money(lot.cost for lot in self.lots)

    @property
    def cost_base(self) -> Decimal | None:
        """The same at the rates of the fills; None when one is unknown."""
        parts = [lot.cost_base for lot in self.lots if lot.cost_base is not None]
        return sum_money(parts) if len(parts) == len(self.lots) else None

    @property
    def average_cost(self) -> Decimal | None:
        """Cost per unit, 18 places; None when nothing is held."""
        units = self.quantity
        return round_rate(EXACT.divide(self.cost, units)) if units else None

    @property
    def cost_fx_rate(self) -> Decimal | None:
        """Cost-weighted rate of the open lots, 18 places; None when unknown, or when there is no cost."""
        local, base = self.cost, self.cost_base
        return None if base is None or not local else round_rate(EXACT.divide(base, local))

    @property
    def realized_pnl(self) -> Decimal:
        """Gains less fees in local currency, rounded to money."""
        return round_money(EXACT.subtract(self.gains, self.fees))

    @property
    def realized_pnl_base(self) -> Result[Decimal]:
        """Gains and the FX part on released cost, less fees, in base currency, each at the rate of its fill.

        Missing("no_fx_rate") when the rate of a closing fill or a fee is unknown: the amount stays
        unconverted.
        """
        if self.unconverted:
            return Missing("no_fx_rate", f"{self.unconverted} gains or fees have no rate into base currency")
        total = sum_money((self.gains_base, self.fx_gains_base, EXACT.minus(self.fees_base)))
        return round_money(total)


def open_ledger(
    quantity: Decimal = ZERO,
    average_cost: Decimal = ZERO,
    *,
    fx_rate: Decimal | None = ONE,
    multiplier: Decimal = ONE,
    method: CostMethod = "average",
) -> Ledger:
    """A ledger that begins with a position as told, nothing realised.

    Inputs: signed units, cost per unit in local currency, rate at which they were taken (None: unknown),
    contract multiplier, cost method. All finite.
    Errors: ValueError for a multiplier at or below zero or a number that is not finite.
    """
    _require_finite(quantity, average_cost, multiplier, fx_rate)
    if multiplier <= 0:
        raise ValueError(f"multiplier {multiplier} must be above zero")
    empty = Ledger(method, multiplier)
    return _open(empty, quantity, average_cost, fx_rate) if quantity else empty


def replay(ledger: Ledger, entries: Iterable[Entry], until: int | None = None) -> Ledger:
    """Let entries change a ledger in their order, whatever order they come in.

    Inputs: fills, splits and dividends of one position, with clocks of one unit; entries after `until` are
    not known yet and do not count, so that yesterday's position can be made again.
    Output: the ledger after them. Formulas: see `book_entry`.
    Order: by moment; of one moment dividends, then splits, then fills by (seq, fill_id).
    """
    known = [entry for entry in entries if until is None or entry.order[0] <= until]
    for entry in sorted(known, key=lambda one: one.order):
        ledger = book_entry(ledger, entry)
    return ledger


def book_entry(ledger: Ledger, entry: Entry) -> Ledger:
    """The ledger after one more entry.

    Formulas: a fill that adds makes the cost larger by units x price, so the average is weighted by units. A
    fill that reduces releases cost (its share at average cost, the oldest lots with fifo) and realises
    (price x closed - released cost) x multiplier; in base currency at the fill's rate, plus the FX part
    released cost x rate of the fill - released cost at its own rates. A fill through zero closes and opens
    the rest at its price. A fee is expensed in full. A split multiplies units and leaves the total cost, so
    it realises 0. A dividend is income of units x amount x multiplier; a short position pays it.
    Identity: gains + FX gains - fees + income + unrealised = value held - money paid in, exactly.
    Edge cases: nothing held: a split or dividend changes nothing. A rate that is None leaves the amount
    unconverted (`realized_pnl_base` is then Missing) and the rate at cost unknown.
    Errors: ValueError for a fill of 0 units, a fee below 0, a ratio at or below 0, or a number not finite.
    Source: docs/reference/measures/positions.md.
    """
    if isinstance(entry, Fill):
        return _fill(ledger, entry)
    if isinstance(entry, Split):
        return _split(ledger, entry)
    return _dividend(ledger, entry)


def _fill(ledger: Ledger, fill: Fill) -> Ledger:
    _require_finite(fill.quantity, fill.price, fill.fee, fill.fx_rate)
    if not fill.quantity or fill.fee < 0:
        raise ValueError(f"fill {fill.fill_id!r}: quantity must not be 0 and fee {fill.fee} not below 0")
    ledger = _expense(ledger, fill.fee, fill.fx_rate)
    held = ledger.quantity
    if held and (held > 0) != (fill.quantity > 0):
        closed = min(abs(held), abs(fill.quantity)).copy_sign(held)
        ledger = _close(ledger, closed, fill)
        rest = EXACT.add(fill.quantity, closed)
    else:
        rest = fill.quantity
    return _open(ledger, rest, fill.price, fill.fx_rate) if rest else ledger


def _open(ledger: Ledger, quantity: Decimal, price: Decimal, fx_rate: Decimal | None) -> Ledger:
    cost = product(quantity, price)
    lot = Lot(quantity, cost, None if fx_rate is None else product(cost, fx_rate))
    if ledger.method == "fifo" or not ledger.lots:
        return replace(ledger, lots=(*ledger.lots, lot))
    (held,) = ledger.lots
    known = held.cost_base is not None and lot.cost_base is not None
    base = EXACT.add(held.cost_base, lot.cost_base) if known else None  # type: ignore[arg-type]
    merged = Lot(EXACT.add(held.quantity, quantity), EXACT.add(held.cost, cost), base)
    return replace(ledger, lots=(merged,))


def _close(ledger: Ledger, closed: Decimal, fill: Fill) -> Ledger:
    """Take units off, oldest lots first (with average cost there is one lot), and realise them."""
    released: list[Lot] = []
    kept: list[Lot] = []
    left = closed
    for lot in ledger.lots:
        taken, rest = _cut(lot, left)
        left = EXACT.subtract(left, taken.quantity)
        released += [taken] if taken.quantity else []
        kept += [rest] if rest.quantity else []
    ledger = replace(ledger, lots=tuple(kept))
    for lot in released:
        ledger = _realize(ledger, lot, fill.price, fill.fx_rate)
    return ledger


def _cut(lot: Lot, units: Decimal) -> tuple[Lot, Lot]:
    """The lot in two: at most `units` of it, and the rest; their costs add up to the lot's exactly."""
    if abs(units) >= abs(lot.quantity):
        return lot, Lot(ZERO, ZERO, None)
    cost = _share(lot.cost, units, lot.quantity)
    base = None if lot.cost_base is None else _share(lot.cost_base, units, lot.quantity)
    rest_base = None if lot.cost_base is None or base is None else EXACT.subtract(lot.cost_base, base)
    rest = Lot(EXACT.subtract(lot.quantity, units), EXACT.subtract(lot.cost, cost), rest_base)
    return Lot(units, cost, base), rest


def _share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return round_rate(EXACT.divide(product(amount, part), whole))


def _realize(ledger: Ledger, lot: Lot, price: Decimal, fx_rate: Decimal | None) -> Ledger:
    gain = product(EXACT.subtract(product(lot.quantity, price), lot.cost), ledger.multiplier)
    ledger = replace(ledger, gains=EXACT.add(ledger.gains, gain))
    if fx_rate is None:
        return replace(ledger, unconverted=ledger.unconverted + 1)
    ledger = replace(ledger, gains_base=EXACT.add(ledger.gains_base, product(gain, fx_rate)))
    if lot.cost_base is None:
        return replace(ledger, fx_known=False)
    drift = product(EXACT.subtract(product(lot.cost, fx_rate), lot.cost_base), ledger.multiplier)
    return replace(ledger, fx_gains_base=EXACT.add(ledger.fx_gains_base, drift))


def _expense(ledger: Ledger, fee: Decimal, fx_rate: Decimal | None) -> Ledger:
    if not fee:
        return ledger
    ledger = replace(ledger, fees=EXACT.add(ledger.fees, fee))
    if fx_rate is None:
        return replace(ledger, unconverted=ledger.unconverted + 1)
    return replace(ledger, fees_base=EXACT.add(ledger.fees_base, product(fee, fx_rate)))


def _split(ledger: Ledger, split: Split) -> Ledger:
    _require_finite(split.ratio)
    if split.ratio <= 0:
        raise ValueError(f"a split of {split.ratio} new units per old one makes no sense")
    lots = tuple(replace(lot, quantity=product(lot.quantity, split.ratio)) for lot in ledger.lots)
    return replace(ledger, lots=lots)


def _dividend(ledger: Ledger, dividend: CashDividend) -> Ledger:
    _require_finite(dividend.amount, dividend.fx_rate)
    cash = product(ledger.quantity, dividend.amount, ledger.multiplier)
    if not cash:
        return ledger
    ledger = replace(ledger, income=EXACT.add(ledger.income, cash))
    if dividend.fx_rate is None:
        return replace(ledger, unconverted_income=ledger.unconverted_income + 1)
    return replace(ledger, income_base=EXACT.add(ledger.income_base, product(cash, dividend.fx_rate)))


def _require_finite(*numbers: Decimal | None) -> None:
    for number in numbers:
        if number is not None and not number.is_finite():
            raise ValueError(f"{number} is not a finite number")
