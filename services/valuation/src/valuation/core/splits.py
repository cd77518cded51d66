"""Splits: from when on they count, and prices from before them in the units of after."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from quant.money import EXACT, product, round_rate
from valuation.core.moments import to_us
from valuation.core.prices import ONE, Price

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = {
    **dict.fromkeys(("XNYS", "XNAS", "ARCX", "XASE", "BATS", "IEXG", "XTSE"), NEW_YORK),
    **dict.fromkeys(("XLON", "XDUB", "XLIS"), ZoneInfo("Europe/London")),
    **dict.fromkeys(("XETR", "XFRA", "XPAR", "XAMS", "XBRU", "XMIL", "XMAD", "XSWX"), BERLIN),
    "XTKS": ZoneInfo("Asia/Tokyo"),
    "XHKG": ZoneInfo("Asia/Hong_Kong"),
    "XASX": ZoneInfo("Australia/Sydney"),
}
"""Where the day of a market begins, by MIC; UTC for any other."""


class SplitRecord(NamedTuple):
    """A split as loaded: `ratio` new units per old one on the ex-date; `revision` counts corrections."""

    symbol: str
    ex_date: date
    ratio: Decimal
    revision: int


class EffectiveSplit(NamedTuple):
    """A split with its moments.

    It happens at `effective_us`, when the ex-date begins on the market. A position dated `in_units_us` or
    later is in new units already: a date means its start in UTC, which may be some hours before.
    """

    effective_us: int
    in_units_us: int
    ratio: Decimal
    ex_date: date


class Splits:
    """All splits by symbol, oldest first."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, date], SplitRecord] = {}
        self._by_symbol: dict[str, list[SplitRecord]] = {}
        self._effective: dict[tuple[str, str | None], list[EffectiveSplit]] = {}

    def put(self, record: SplitRecord) -> bool:
        """Take a split in; tells whether it is news."""
        if self._records.get((record.symbol, record.ex_date)) == record:
            return False
        self._records[record.symbol, record.ex_date] = record
        own = (one for one in self._records.values() if one.symbol == record.symbol)
        self._by_symbol[record.symbol] = sorted(own, key=lambda one: one.ex_date)
        self._effective.clear()
        return True

    def of(self, symbol: str, exchange: str | None) -> list[EffectiveSplit]:
        """The splits of a symbol with the moments of its market."""
        records = self._by_symbol.get(symbol)
        if not records:
            return []
        found = self._effective.get((symbol, exchange))
        if found is None:
            zone = ZONES.get(exchange or "", UTC)
            found = self._effective[symbol, exchange] = [_effective(one, zone) for one in records]
        return found

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._by_symbol


def in_units_of(price: Price, splits: Iterable[EffectiveSplit], position_as_of_us: int, ts_us: int) -> Price:
    """The price per unit as units are counted in a position at a moment.

    A price from before a split is divided by its ratio when the position is in new units; otherwise ten
    shares would be worth seven times as much from midnight until the first trade. Prices that never age
    (cash) stay as they are.
    """
    if price.as_of_us is None:
        return price
    ratios = [
        split.ratio
        for split in splits
        if price.as_of_us < split.effective_us
        and (split.effective_us <= ts_us or split.in_units_us <= position_as_of_us)
    ]
    if not ratios:
        return price
    return price._replace(value=round_rate(EXACT.divide(price.value, product(ONE, *ratios))))


def _effective(record: SplitRecord, zone: tzinfo) -> EffectiveSplit:
    begins_us = to_us(datetime.combine(record.ex_date, time(), zone))
    dated_us = to_us(datetime.combine(record.ex_date, time(), UTC))
    return EffectiveSplit(begins_us, min(begins_us, dated_us), record.ratio, record.ex_date)
