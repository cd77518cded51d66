"""Stress tests of current holdings: shocks that somebody made up, and days and periods that happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from quant.arrays import Floats
from quant.fx import split_pair
from quant.result import Missing, Result
from quant.revaluation import Holding, Moves, moves_of, revalue
from quant.scenarios import FactorMatrix
from quant.shifts import Shift, relative_move

Selector = Literal["all", "symbol", "asset_class", "sector", "currency"]
ShockedFactor = Literal["price", "fx"]


@dataclass(frozen=True, slots=True)
class Shock:
    """One shift of the price, or of the currency, of everything that the selector matches.

    `size` is a fraction for a relative shift (-0.2 is minus 20 %), an amount in the position's currency
    (price) or in base currency (fx) for an absolute one, a log return for a log one. The selector of an fx
    shock is a currency, or all but the base currency.
    """

    selector: Selector
    value: str
    size: float
    kind: Shift = "relative"
    factor: ShockedFactor = "price"

    def __post_init__(self) -> None:
        if self.kind == "relative" and self.size < -1.0:
            raise ValueError(f"a shock of {self.size} is below -100 %: nothing can lose more than its price")
        if not np.isfinite(self.size):
            raise ValueError(f"a shock of {self.size} is no number")
        if self.factor == "fx" and self.kind == "relative" and self.size == -1.0:
            raise ValueError("a currency that is worth nothing has no rate")
        if self.factor == "fx" and self.selector not in ("all", "currency"):
            raise ValueError(f"an fx shock selects a currency, not a {self.selector}")

    def __str__(self) -> str:
        what = self.selector if self.selector == "all" else f"{self.selector} {self.value}"
        return f"{self.factor} of {what} {self.size:+g} {self.kind}"


@dataclass(frozen=True, slots=True)
class StressPosition:
    """A holding and what shocks select it by; `price` in its currency and `fx_rate` to base, both now.

    An unknown price or rate (None) can take a relative shift only.
    """

    holding: Holding
    asset_class: str | None
    sector: str | None
    price: float | None
    fx_rate: float | None


@dataclass(frozen=True, slots=True)
class StressResult:
    """Profit or loss of a book under one stress, in base currency, gains positive.

    The arrays (P,) follow `symbols`: `position_pnl` adds up to `pnl`; the moves are fractions.
    `not_shocked` names holdings that nothing moved for want of history, `proxied` the proxies that moved
    others; `warnings` say what matched nothing.
    """

    pnl: float
    symbols: tuple[str, ...]
    position_pnl: Floats
    price_moves: Floats
    fx_moves: Floats
    not_shocked: tuple[str, ...] = ()
    proxied: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def hypothetical_stress(
    positions: Sequence[StressPosition], shocks: Sequence[Shock], base: str
) -> Result[StressResult]:
    """P&L of the book if all shocks happened at once, at today's date.

    Inputs: positions with labels; shocks in their order; base currency. Output: V(shocked) - V(now).
    Formula: shocks on one level are applied one after the other, so relative ones multiply; price and FX
    moves multiply as well. An FX shock also moves the price of a currency pair, which is the ratio of its
    two currencies. Shocking the base currency moves all the others the other way.
    Edge cases: an empty book gives 0; a shock that matches nothing has no effect and is a warning.
    Errors: Missing("no_price"), Missing("no_fx_rate") for an absolute shock on an unknown level,
    Missing("not_positive_value") when a shock leaves a level below zero.
    Source: docs/reference/measures/stress.md.
    """
    currencies = _currency_moves(positions, shocks, base)
    if isinstance(currencies, Missing):
        return currencies
    price = np.zeros((1, len(positions)))
    fx = np.zeros((1, len(positions)))
    for column, position in enumerate(positions):
        moved = _price_move(position, shocks, currencies)
        if isinstance(moved, Missing):
            return moved
        price[0, column] = moved
        fx[0, column] = _rate_move(currencies, position.holding.currency, base)
    return _result(
        [position.holding for position in positions],
        moves_of(price, fx),
        warnings=_unmatched(positions, shocks),
    )


def historical_stress(
    factors: FactorMatrix, holdings: Sequence[Holding], first: np.datetime64, last: np.datetime64
) -> Result[StressResult]:
    """P&L of today's book if the days from `first` to `last` happened again, as one move.

    Inputs: factors in base currency whose grid holds a date before `first` and one in the period.
    Output: as the scenario P&L of that date when the period is one day, exactly.
    Edge cases: a holding without a level on both ends keeps its value and is named in `not_shocked`.
    Errors: Missing("no_history") when the history cannot serve the period.
    Source: docs/reference/measures/stress.md.
    """
    start = int(np.searchsorted(factors.dates, first)) - 1
    end = int(np.searchsorted(factors.dates, last, side="right")) - 1
    if start < 0 or end <= start or factors.dates[-1] < last:
        return Missing("no_history", f"daily history does not cover {first} to {last} and the day before")
    return _replay(factors, holdings, start, end)


def worst_period(factors: FactorMatrix, holdings: Sequence[Holding], days: int) -> Result[tuple[int, int]]:
    """Rows (start, end) of the `days` successive days of history that would cost today's book most.

    Only days on which every holding has a history count. Of equal ones the earliest.
    Errors: Missing("no_history") when there are fewer days, or a holding has none.
    """
    absent = [held.symbol for held in holdings if held.factor not in factors.columns]
    columns = np.array([factors.columns[h.factor] for h in holdings if h.factor in factors.columns], np.intp)
    first = int(factors.first[columns].max(initial=0))
    if absent or len(factors.dates) - first <= days:
        why = f"no daily history for {', '.join(absent)}" if absent else "not enough daily history"
        return Missing("no_history", f"{why} to find the worst {days} days")
    levels, rates = factors.levels[first:, columns], factors.rates[first:, columns]
    moves = Moves(levels[days:] / levels[:-days] - 1.0, rates[days:] / rates[:-days] - 1.0)
    row = first + int(np.argmin(revalue(holdings, moves).sum(axis=1)))
    return row, row + days


def _replay(factors: FactorMatrix, holdings: Sequence[Holding], start: int, end: int) -> Result[StressResult]:
    total, fx = np.zeros((1, len(holdings))), np.zeros((1, len(holdings)))
    missing: list[str] = []
    for place, held in enumerate(holdings):
        column = factors.columns.get(held.factor)
        if column is None or factors.currencies[column] != held.currency or factors.first[column] > start:
            missing.append(held.symbol)
            continue
        total[0, place] = factors.levels[end, column] / factors.levels[start, column] - 1.0
        fx[0, place] = factors.rates[end, column] / factors.rates[start, column] - 1.0
    if missing and len(missing) == len(holdings):
        return Missing("no_history", f"no holding has a daily history from {factors.dates[start]} on")
    used = (factors.proxies.get(held.factor) for held in holdings)
    proxied = tuple(str(one) for one in dict.fromkeys(used) if one is not None and one.last_row >= start)
    return _result(holdings, Moves(total, fx), not_shocked=tuple(missing), proxied=proxied)


def _result(
    holdings: Sequence[Holding],
    moves: Moves,
    not_shocked: tuple[str, ...] = (),
    proxied: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> StressResult:
    pnl = revalue(holdings, moves)
    price = np.array([moves.price(column)[0] for column in range(len(holdings))], dtype=np.float64)
    symbols = tuple(held.symbol for held in holdings)
    return StressResult(
        float(pnl.sum(axis=1)[0]), symbols, pnl[0], price, moves.fx[0], not_shocked, proxied, warnings
    )


def _currency_moves(
    positions: Sequence[StressPosition], shocks: Sequence[Shock], base: str
) -> Result[dict[str, float]]:
    """How much each currency gains, as a fraction, against one that nobody shocks."""
    rates = {p.holding.currency: p.fx_rate for p in positions}
    moves: dict[str, float] = {}
    for shock in shocks:
        if shock.factor != "fx":
            continue
        named = _currencies(positions) - {base} if shock.selector == "all" else {shock.value}
        for currency in named:
            level = rates.get(currency)
            if shock.kind == "absolute" and (level is None or currency == base):
                return Missing("no_fx_rate", f"an absolute shock of {currency} needs its rate to {base}")
            moved = _compose(level or 1.0, moves.get(currency, 0.0), shock)
            if isinstance(moved, Missing):
                return moved
            if moved == -1.0:
                return Missing("not_positive_value", f"{shock} leaves {currency} without a rate")
            moves[currency] = moved
    return moves


def _price_move(
    position: StressPosition, shocks: Sequence[Shock], currencies: dict[str, float]
) -> Result[float]:
    move = 0.0
    if position.asset_class == "fx":
        bought, paid = split_pair(position.holding.factor)
        move = _rate_move(currencies, bought, paid)
    for shock in shocks:
        if shock.factor != "price" or not _matches(shock, position):
            continue
        if shock.kind == "absolute" and position.price is None:
            return Missing("no_price", f"an absolute shock of {position.holding.symbol} needs its price")
        moved = _compose(position.price or 1.0, move, shock)
        if isinstance(moved, Missing):
            return moved
        move = moved
    return move


def _compose(level: float, move: float, shock: Shock) -> Result[float]:
    """The move from `level` after `move` and then the shock."""
    if move == -1.0:
        return move  # what is worth nothing stays so
    shocked = relative_move(level * (1.0 + move), np.array([shock.size]), shock.kind)
    if isinstance(shocked, Missing):
        return shocked
    if shocked[0] < -1.0:
        return Missing("not_positive_value", f"{shock} takes a level of {level:g} below zero")
    return (1.0 + move) * (1.0 + float(shocked[0])) - 1.0 if move else float(shocked[0])


def _rate_move(currencies: dict[str, float], source: str, target: str) -> float:
    if source == target:
        return 0.0
    gain, loss = currencies.get(source, 0.0), currencies.get(target, 0.0)
    return (1.0 + gain) / (1.0 + loss) - 1.0 if loss else gain


def _currencies(positions: Sequence[StressPosition]) -> set[str]:
    found = {position.holding.currency for position in positions}
    for position in positions:
        if position.asset_class == "fx":
            found.update(split_pair(position.holding.factor))
    return found


def _matches(shock: Shock, position: StressPosition) -> bool:
    match shock.selector:
        case "all":
            return True
        case "symbol":
            return shock.value in (position.holding.symbol, position.holding.factor)
        case "asset_class":
            return shock.value == position.asset_class
        case "sector":
            return shock.value == position.sector
        case "currency":
            return shock.value == position.holding.currency


def _unmatched(positions: Sequence[StressPosition], shocks: Sequence[Shock]) -> tuple[str, ...]:
    known = _currencies(positions)
    return tuple(
        f"{shock} matches no position"
        for shock in shocks
        if not (
            any(_matches(shock, position) for position in positions)
            if shock.factor == "price"
            else shock.selector == "all" or shock.value in known
        )
    )
