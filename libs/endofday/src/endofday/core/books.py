"""What was held at the previous close and traded since, of one position of one portfolio."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from endofday.core.facts import Action, Trade, Version
from endofday.core.sessions import Session
from quant.ledger import Entry, Fill, Ledger, Split, open_ledger
from quant.ledger import replay as replay_ledger
from quant.money import EXACT, ZERO, product, sum_money

RateAt = Callable[[dt.datetime], Decimal | None]
"""Base currency per unit of the position's currency at a moment."""
ONE = Decimal(1)
BEGINNING = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class DayBook:
    """Opening units (of before a split), the fills since (in units of after it) and what they realised.

    `cost` is that of the units held at the close, in their currency and in base currency. `realized` and
    `cost_base` are None when a rate was unknown. `positions` and `fill_ids` name the rows used, `as_of` and
    `version` the newest of the positions.
    """

    quantity: Decimal
    fills: tuple[Fill, ...] = ()
    realized: Decimal | None = ZERO
    positions: tuple[str, ...] = ()
    fill_ids: tuple[str, ...] = ()
    cost: Decimal = ZERO
    cost_base: Decimal | None = ZERO
    as_of: dt.datetime = BEGINNING
    version: int = 0


def split_ratio(actions: Sequence[Action], opening: Session, closing: Session) -> Decimal:
    """New units per old one over the day; 1 without a split."""
    return product(*(one.value for one in _of_day(actions, opening, closing) if one.kind == "split"))


def dividend(actions: Sequence[Action], opening: Session, closing: Session) -> Decimal:
    """Cash per unit held at the previous close."""
    return sum_money(one.value for one in _of_day(actions, opening, closing) if one.kind == "dividend")


def day_book(
    versions: Sequence[Version],
    trades: Sequence[Trade],
    actions: Sequence[Action],
    opening: Session,
    closing: Session,
    multiplier: Decimal,
    rate_at: RateAt,
) -> DayBook:
    """The book between two closes.

    The newest version with as_of up to the close is the position, with the fills since. One loaded between
    the closes counts as a flow at the start of the day: its units are in the opening book. Before the first
    version or fill nothing was held.
    """
    version = max((one for one in versions if one.as_of <= closing.close), key=_as_of, default=None)
    since = BEGINNING if version is None else version.as_of
    past = [one for one in trades if since <= one.executed_at <= opening.close]
    today = [
        one for one in trades if since <= one.executed_at and opening.close < one.executed_at <= closing.close
    ]
    splits = [one for one in actions if one.kind == "split" and one.effective_at > since]
    before = [_split(one) for one in splits if one.ex_date <= opening.date]
    during = [one for one in splits if opening.date < one.ex_date <= closing.date]
    start = _replay(_start(version, multiplier, rate_at), [*before, *(_fill(one, rate_at) for one in past)])
    fills = [_fill(one, rate_at) for one in today]
    end = _replay(start, [*map(_split, during), *fills])
    # Units of a version dated on the ex-date or later are new ones already.
    ratio, known = split_ratio(actions, opening, closing), product(*(one.value for one in during))
    return DayBook(
        quantity=EXACT.divide(product(start.quantity, known), ratio),
        fills=tuple(_in_new_units(fill, during) for fill in fills),
        realized=_difference(end, start),
        positions=() if version is None else (_name(version),),
        fill_ids=tuple(one.fill_id for one in [*past, *today]),
        cost=end.cost,
        cost_base=end.cost_base,
        as_of=min((one.executed_at for one in [*past, *today]), default=BEGINNING)
        if version is None
        else version.as_of,
        version=0 if version is None else version.revision,
    )


def merge(books: Sequence[DayBook]) -> DayBook:
    """The same symbol in several portfolios as one position."""
    known = [book.realized for book in books if book.realized is not None]
    costs = [book.cost_base for book in books if book.cost_base is not None]
    return DayBook(
        quantity=sum_money(book.quantity for book in books),
        fills=tuple(fill for book in books for fill in book.fills),
        realized=sum_money(known) if len(known) == len(books) else None,
        positions=tuple(name for book in books for name in book.positions),
        fill_ids=tuple(name for book in books for name in book.fill_ids),
        cost=sum_money(book.cost for book in books),
        cost_base=sum_money(costs) if len(costs) == len(books) else None,
        as_of=max(book.as_of for book in books),
        version=max(book.version for book in books),
    )


def _of_day(actions: Sequence[Action], opening: Session, closing: Session) -> list[Action]:
    """An ex-date on a holiday counts on the next session."""
    return [one for one in actions if opening.date < one.ex_date <= closing.date]


def _as_of(version: Version) -> dt.datetime:
    return version.as_of


def _start(version: Version | None, multiplier: Decimal, rate_at: RateAt) -> Ledger:
    if version is None:
        return open_ledger(multiplier=multiplier)
    told = version.cost_fx_rate
    return open_ledger(
        version.quantity,
        version.average_cost,
        fx_rate=rate_at(version.as_of) if told is None else told,
        multiplier=multiplier,
    )


def _replay(ledger: Ledger, entries: Sequence[Entry]) -> Ledger:
    return replay_ledger(ledger, entries) if entries else ledger


def _fill(trade: Trade, rate_at: RateAt) -> Fill:
    moment = _clock(trade.executed_at)
    return Fill(
        trade.quantity, trade.price, moment, trade.seq, trade.fill_id, trade.fee, rate_at(trade.executed_at)
    )


def _split(action: Action) -> Split:
    return Split(action.value, _clock(action.effective_at))


def _in_new_units(fill: Fill, splits: Sequence[Action]) -> Fill:
    """A fill after the previous close but before the ex-date was done in old units."""
    ratio = product(*(one.value for one in splits if fill.executed_at < _clock(one.effective_at)))
    if ratio == ONE:
        return fill
    return replace(fill, quantity=product(fill.quantity, ratio), price=EXACT.divide(fill.price, ratio))


def _difference(end: Ledger, start: Ledger) -> Decimal | None:
    first, last = start.realized_pnl_base, end.realized_pnl_base
    known = isinstance(first, Decimal) and isinstance(last, Decimal)
    return EXACT.subtract(last, first) if known else None  # type: ignore[arg-type]


def _clock(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _name(version: Version) -> str:
    return f"position:{version.portfolio_id}:{version.symbol}:{version.as_of.date()}:{version.revision}"
