"""Official values: which portfolios are due at which window ends, and whether a value differs from the stored
one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

import msgspec

from contracts import OptionTerms, Valuation
from quant.money import EXACT
from valuation.core.bars import BarCloses, Close
from valuation.core.books import Books

CONTENT = (
    "currency",
    "market_value",
    "unrealized_pnl",
    "unrealized_price_pnl",
    "unrealized_fx_pnl",
    "realized_pnl",
)
LINE_CONTENT = (
    "symbol",
    "quantity",
    "average_cost",
    "multiplier",
    "currency",
    "price",
    "fx_rate",
    "cost_fx_rate",
    "market_value_base",
    "unrealized_pnl_base",
    "realized_pnl_base",
    "stale",
)
CAUSES_KEPT = 20
"""Causes named per value; more would only make the evidence long."""


class Due(NamedTuple):
    """One official value to calculate, and what made it due."""

    window_end_us: int
    portfolio_id: str
    causes: tuple[str, ...]


class Stored(NamedTuple):
    """The newest stored revision of an official value."""

    revision: int
    digest: str
    market_value: str | None
    unrealized_pnl: str | None


@dataclass
class Agenda:
    """Official values that are due, gathered until the bars are quiet."""

    due: dict[tuple[int, str], list[str]] = field(default_factory=dict[tuple[int, str], list[str]])
    changes: int = 0
    """How often something was added; tells whether it is quiet."""

    def __bool__(self) -> bool:
        return bool(self.due)

    def add(self, portfolio_id: str, window_end_us: int, cause: str) -> None:
        self.changes += 1
        causes = self.due.setdefault((window_end_us, portfolio_id), [])
        if len(causes) < CAUSES_KEPT and cause not in causes:
            causes.append(cause)

    def take(self) -> list[Due]:
        """Everything due, oldest window first; the agenda is empty afterwards."""
        due = [Due(*key, tuple(self.due[key])) for key in sorted(self.due)]
        self.due.clear()
        return due


def on_close(agenda: Agenda, books: Books, closes: BarCloses, close: Close) -> None:
    """A final bar is new or revised: due are its own window and all later ones up to the symbol's next bar.

    Those are exactly the values that carry this close forward.
    """
    span = close.window_end_us, closes.next_end(close.symbol, close.window_end_us)
    for portfolio_id in books.priced_by(close.symbol):
        if portfolio_id in books.portfolios:
            agenda.add(portfolio_id, close.window_end_us, close.price_id)
            if close.window_end_us < closes.last_end_us:
                on_change(agenda, books.inputs(portfolio_id), closes, portfolio_id, span, close.price_id)


def on_change(
    agenda: Agenda,
    inputs: Iterable[str],
    closes: BarCloses,
    portfolio_id: str,
    span: tuple[int | None, int | None],
    cause: str,
) -> None:
    """Something a portfolio is valued with changed for [span): its values inside are due again.

    `inputs` are the symbols whose closes it has values at.
    """
    for symbol in inputs:
        for window_end_us in closes.ends_between(symbol, *span):
            agenda.add(portfolio_id, window_end_us, cause)


def digest(valuation: Valuation) -> str:
    """SHA-256 of the numbers of a value and why some are missing; ids, times and revision do not count.

    So a bar revision that leaves the close as it was restates nothing.
    """
    missing = sorted((note.symbol, note.reason) for note in valuation.coverage.notes)
    content = (
        [_plain(getattr(valuation, name)) for name in CONTENT],
        [[_plain(getattr(line, name)) for name in LINE_CONTENT] for line in valuation.positions],
        missing,
        {currency: _plain(rate) for currency, rate in sorted(valuation.fx_rates.items())},
    )
    if valuation.members is not None:
        content = (*content, valuation.members)
    if options := [_option_inputs(line.option) for line in valuation.positions if line.option is not None]:
        content = (*content, options)
    return sha256(msgspec.json.encode(content)).hexdigest()


def _option_inputs(option: OptionTerms) -> tuple[object, ...]:
    """What greeks are made of, besides the price. They follow from it, as an implied volatility does."""
    told = None if option.implied else option.volatility
    return (
        *(option.underlying, option.option_right, option.strike, option.years, option.spot),
        *(option.interest_rate, option.dividend_yield, told),
    )


def revise(valuation: Valuation, stored: Stored | None) -> Valuation | None:
    """The value as the next revision, or None when the stored one says the same."""
    if stored is not None and stored.digest == digest(valuation):
        return None
    revision = 1 if stored is None else stored.revision + 1
    name = valuation.valuation_id.rpartition(":")[0]
    return msgspec.structs.replace(valuation, revision=revision, valuation_id=f"{name}:{revision}")


def _plain(value: object) -> object:
    """Numbers in one spelling: 1.50 and 1.5 are the same content."""
    return str(value.normalize(EXACT)) if isinstance(value, Decimal) else value
