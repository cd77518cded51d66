"""Positions in force: loaded versions, then fills, with splits on their day."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from contracts import Position, Trade
from quant import CostMethod, Entry, Fill, Ledger, Split, book_entry, open_ledger
from quant.money import plain
from valuation.core.moments import to_us
from valuation.core.splits import EffectiveSplit

ZERO = Decimal(0)

RateOn = Callable[[int], Decimal | None]
"""Units of base currency per unit of the position's currency at a moment; None when unknown."""


class PositionVersion(NamedTuple):
    """What is held of one symbol from `as_of_us` on; quantity 0 means closed.

    `revision` counts corrections; 0 is a position that was never loaded, only traded.
    """

    position: Position
    as_of_us: int
    revision: int


class Standing(NamedTuple):
    """A position between two changes. `ledger` is None while it is as loaded: no fill since."""

    version: PositionVersion
    ledger: Ledger | None


class Terms(NamedTuple):
    """What a timeline depends on besides its own records."""

    currency: str
    multiplier: Decimal
    rate_on: RateOn
    method: CostMethod


class Timeline:
    """Everything that was ever held of one position, by moment."""

    def __init__(self, moments: list[int], standings: list[Standing], loaded_first: bool) -> None:
        self._moments = moments
        self._standings = standings
        self._loaded_first = loaded_first

    def at(self, ts_us: int) -> tuple[Standing, bool] | None:
        """What stands at a moment, and whether it is the earliest version although dated later.

        None before the first fill of a position that began with one.
        """
        index = bisect_right(self._moments, ts_us)
        if index:
            return self._standings[index - 1], False
        return (self._standings[0], True) if self._loaded_first else None


def build_timeline(
    versions: Sequence[PositionVersion],
    trades: Iterable[Trade],
    splits: Sequence[EffectiveSplit],
    terms: Terms,
) -> Timeline:
    """The timeline of one position from its records.

    Each loaded version begins a new ledger. Fills at or after its date, and splits that its units do not know
    yet, change it until the next version. Fills before the first version begin from nothing.
    """
    fills = [(fill_of(trade, terms.rate_on), trade) for trade in trades]
    fills.sort(key=lambda one: one[0].order)
    moments: list[int] = []
    standings: list[Standing] = []
    first_us = versions[0].as_of_us if versions else None
    early = [one for one in fills if first_us is None or one[0].executed_at < first_us]
    if early:
        opened = _opened_by(early[0][1])
        _run(moments, standings, opened, False, early, splits, first_us, terms)
    for index, version in enumerate(versions):
        end_us = versions[index + 1].as_of_us if index + 1 < len(versions) else None
        own = [
            one
            for one in fills
            if one[0].executed_at >= version.as_of_us and (end_us is None or one[0].executed_at < end_us)
        ]
        _run(moments, standings, version, True, own, splits, end_us, terms)
    return Timeline(moments, standings, loaded_first=not early)


def fill_of(trade: Trade, rate_on: RateOn) -> Fill:
    """A trade as an entry of a ledger in the portfolio's base currency."""
    executed_us = to_us(trade.executed_at)
    return Fill(
        trade.quantity,
        trade.price,
        executed_us,
        trade.seq,
        trade.trade_id,
        trade.fee or ZERO,
        rate_on(executed_us),
    )


def _run(
    moments: list[int],
    standings: list[Standing],
    version: PositionVersion,
    is_loaded: bool,
    fills: list[tuple[Fill, Trade]],
    splits: Sequence[EffectiveSplit],
    end_us: int | None,
    terms: Terms,
) -> None:
    """Append what follows from one version until the next."""
    position = version.position
    ledger = open_ledger(multiplier=terms.multiplier, method=terms.method)
    if is_loaded:
        moments.append(version.as_of_us)
        standings.append(Standing(version, None))
        rate = position.cost_fx_rate or terms.rate_on(version.as_of_us)
        ledger = open_ledger(
            position.quantity,
            position.average_cost,
            fx_rate=rate,
            multiplier=terms.multiplier,
            method=terms.method,
        )
    entries: list[Entry] = [fill for fill, _ in fills]
    entries += [
        Split(one.ratio, one.effective_us)
        for one in splits
        if version.as_of_us < one.in_units_us and (end_us is None or one.effective_us < end_us)
    ]
    currency = _currency([position.currency, *(trade.currency for _, trade in fills)], terms.currency)
    traded = False
    for entry in sorted(entries, key=lambda one: one.order):
        traded = traded or isinstance(entry, Fill)
        ledger = book_entry(ledger, entry)
        moments.append(entry.order[0])
        standings.append(_standing(version, ledger, traded, currency))


def _standing(version: PositionVersion, ledger: Ledger, traded: bool, currency: str) -> Standing:
    """The version in the ledger's units and cost; what was told of its cost rate stays until a fill."""
    held = msgspec.structs.replace(
        version.position,
        quantity=plain(ledger.quantity),
        average_cost=ledger.average_cost or ZERO,
        currency=currency,
        cost_fx_rate=ledger.cost_fx_rate if traded else version.position.cost_fx_rate,
    )
    return Standing(version._replace(position=held), ledger if traded else None)


def _opened_by(trade: Trade) -> PositionVersion:
    """An empty position from the first fill on."""
    position = Position(
        portfolio_id=trade.portfolio_id,
        symbol=trade.symbol,
        quantity=ZERO,
        average_cost=ZERO,
        currency=trade.currency,
        as_of=trade.executed_at,
        recorded_at=trade.recorded_at,
    )
    return PositionVersion(position, to_us(trade.executed_at), 0)


def _currency(told: list[str], expected: str) -> str:
    """The currency of a position; one that differs from its instrument's, so that it is not priced."""
    return next((currency for currency in told if currency != expected), expected)
