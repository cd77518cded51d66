"""What trades would do to a book: value, exposure, risk and limits before and after."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.analysis.common import Answer
from contracts.types import Basis, Instrument, LimitState, Timestamp

MarkSource = Literal["book", "other_book", "rates", "history"]
TradeReason = Literal["no_price", "no_fx_rate", "unpriced_position"]


class SupposedTrade(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signed units at a price in the instrument's currency; without one at the mark, so without profit."""

    symbol: str
    quantity: Decimal
    price: Decimal | None = None
    fee: Decimal = Decimal(0)


class WhatIfRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which portfolio, and the trades in their order; basis as in every analysis.

    `instruments` describes what is traded: multiplier and labels of what no book holds.
    """

    portfolio_id: str
    trades: tuple[SupposedTrade, ...]
    basis: Basis | None = None
    instruments: tuple[Instrument, ...] = ()


class SupposedFill(Struct, frozen=True, kw_only=True):
    """What became of one trade. With a `reason` it could not be valued and is not in the numbers after.

    `mark` is what the instrument is valued at, `mark_source` where it is from: the book itself, the newest
    live price in another book, the rates of the valuation (currency pairs), or the newest daily close.
    `market_value`, `cash_flow` (paid below 0, fee included) and `profit` (against the mark, less the fee) are
    in the currency of the answer.
    """

    symbol: str
    quantity: Decimal
    price: Decimal | None = None
    currency: str | None = None
    mark: Decimal | None = None
    mark_source: MarkSource | None = None
    mark_as_of: Timestamp | None = None
    market_value: Decimal | None = None
    cash_flow: Decimal | None = None
    profit: Decimal | None = None
    reason: TradeReason | None = None
    message: str | None = None


class AmountChange(Struct, frozen=True, kw_only=True):
    """An amount before and after; null where no position is priced."""

    before: Decimal | None
    after: Decimal | None
    change: Decimal | None


class SupposedMeasure(Struct, frozen=True, kw_only=True):
    """A risk measure before and after; null with a reason. Losses are positive.

    `same_window` is false when the trades changed the scenarios, as a short history does: then part of the
    change is due to other days being looked at.
    """

    measure: str
    parameters: dict[str, str]
    unit: str
    before: float | None
    after: float | None
    change: float | None
    same_window: bool
    details_before: dict[str, str]
    details_after: dict[str, str]
    reason_before: str | None = None
    reason_after: str | None = None


class SupposedLimit(Struct, frozen=True, kw_only=True):
    """A limit of the portfolio, judged before and after against the levels in force, with hysteresis."""

    limit_id: str
    scope: str
    scope_value: str | None
    measure: str
    parameters: dict[str, str]
    unit: str
    warning_level: float | None
    hard_level: float
    value_before: float | None
    value_after: float | None
    state_before: LimitState
    state_after: LimitState
    changes: bool
    message: str | None = None


class WhatIfAnswer(Answer, frozen=True, kw_only=True):
    """The book before and after the trades; `complete` says that every trade is in the numbers after.

    `market_value` changes by what was bought and sold; `cash_flow` is what was paid for it (below 0) or
    received, fees included, and stands beside the book: no cash position is changed. `profit` is their sum: 0
    for trades at the mark without fees.
    """

    complete: bool
    trades: tuple[SupposedFill, ...]
    profit: Decimal
    cash_flow: Decimal
    fees: Decimal
    market_value: AmountChange
    long: AmountChange
    short: AmountChange
    gross: AmountChange
    net: AmountChange
    positions_before: int
    positions_after: int
    measures: tuple[SupposedMeasure, ...]
    limits: tuple[SupposedLimit, ...]
