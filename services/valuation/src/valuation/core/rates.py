"""Exchange rates as they were known at a moment: daily fixings, live ticks of pairs, closes of pairs."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from contracts import FxRate
from quant import CrossRate, cross_rate, rates_into
from quant.fx import split_pair
from valuation.core.moments import DAY_US, to_text, to_us

ONE = Decimal(1)


class Quote(NamedTuple):
    """One quoted rate of a pair.

    Its age counts from `fresh_until_us`: for a daily fixing the end of its day.
    """

    as_of_us: int
    rate: Decimal
    fresh_until_us: int
    rate_id: str
    ingest_us: int | None = None


class Rate(NamedTuple):
    """Units of target currency per unit of source currency, with the quotes it is made of.

    `fresh_until_us` is that of its oldest leg, None for a currency in itself, which never ages.
    """

    value: Decimal
    rate_id: str
    fresh_until_us: int | None
    ingest_us: int | None


SAME = Rate(ONE, "same", None, None)


def is_pair(symbol: str) -> bool:
    """Whether a symbol names two currencies, such as EURUSD."""
    try:
        split_pair(symbol)
    except ValueError:
        return False
    return True


class RateTable:
    """All quotes of one moment. Crosses are calculated when asked for and kept."""

    def __init__(self, quotes: Mapping[str, Quote], pivot: str) -> None:
        self._quotes = quotes
        self._rates = {pair: quote.rate for pair, quote in quotes.items()}
        self._pivot = pivot
        self._found: dict[tuple[str, str], Rate | None] = {}
        self._into: dict[str, dict[str, Decimal]] = {}

    def rate(self, source: str, target: str) -> Rate | None:
        """Units of target per unit of source; None when no quotes connect them."""
        if source == target:
            return SAME
        key = (source, target)
        if key not in self._found:
            self._found[key] = self._cross(source, target)
        return self._found[key]

    def into(self, target: str) -> dict[str, Decimal]:
        """Value in `target` of one unit of each connected currency, itself included."""
        found = self._into.get(target)
        if found is None:
            crossed = rates_into(self._rates, target, self._pivot)
            found = self._into[target] = {currency: one.rate for currency, one in crossed.items()}
        return found

    def _cross(self, source: str, target: str) -> Rate | None:
        crossed = cross_rate(self._rates, source, target, self._pivot)
        if not isinstance(crossed, CrossRate):
            return None
        legs = [self._quotes[pair] for pair in crossed.pairs]
        ingested = [leg.ingest_us for leg in legs if leg.ingest_us is not None]
        return Rate(
            crossed.rate,
            "+".join(leg.rate_id for leg in legs),
            min(leg.fresh_until_us for leg in legs),
            max(ingested, default=None),
        )


class Fixings:
    """Daily rates by pair and date. A rate dated D is valid from D 00:00 UTC until a later one."""

    def __init__(self) -> None:
        self._moments: dict[str, list[int]] = {}
        self._quotes: dict[tuple[str, int], Quote] = {}
        self._revisions: dict[tuple[str, int], int] = {}
        self._tables: dict[int, RateTable] = {}

    @property
    def pairs(self) -> Iterable[str]:
        return self._moments.keys()

    def put(self, record: FxRate, revision: int | None = None) -> int | None:
        """Take a fixing in; returns its revision, None when it says what is known already.

        `revision` is given when a stored row is restored. Raises ValueError for a pair that is not six
        capital letters.
        """
        split_pair(record.pair)
        as_of_us = to_us(record.as_of)
        key = (record.pair, as_of_us)
        known = self._quotes.get(key)
        if known is not None and known.rate == record.rate:
            return None
        if known is None:
            insort(self._moments.setdefault(record.pair, []), as_of_us)
        number = self._revisions[key] = revision or self._revisions.get(key, 0) + 1
        rate_id = f"fx:{record.pair}:{to_text(as_of_us)}:{number}"
        self._quotes[key] = Quote(as_of_us, record.rate, as_of_us + DAY_US, rate_id)
        self._tables.clear()
        return number

    def at(self, pair: str, ts_us: int) -> Quote | None:
        """The newest fixing of the pair that is not later than `ts_us`."""
        moments = self._moments.get(pair, [])
        index = bisect_right(moments, ts_us)
        return self._quotes[pair, moments[index - 1]] if index else None

    def next_moment(self, pair: str, ts_us: int) -> int | None:
        """When the fixing after `ts_us` begins to be valid; None when there is none."""
        moments = self._moments.get(pair, [])
        index = bisect_right(moments, ts_us)
        return moments[index] if index < len(moments) else None

    def next_change(self, ts_us: int) -> int | None:
        """When the next fixing of any pair begins to be valid."""
        moments = (self.next_moment(pair, ts_us) for pair in self._moments)
        return min((moment for moment in moments if moment is not None), default=None)

    def table_at(self, ts_us: int, pivot: str, max_age_us: int) -> RateTable:
        """Fixings alone, as of a moment: rates at which positions were taken.

        Older than `max_age_us` is left out.
        """
        table = self._tables.get(ts_us)
        if table is None:
            table = self._tables[ts_us] = self.rates_on(ts_us, pivot, max_age_us)
        return table

    def rates_on(self, ts_us: int, pivot: str, max_age_us: int) -> RateTable:
        """The same, not kept: for moments that are asked for once, such as that of a fill."""
        quotes = {pair: quote for pair in self._moments if (quote := self.at(pair, ts_us)) is not None}
        fresh = {pair: q for pair, q in quotes.items() if ts_us - q.fresh_until_us <= max_age_us}
        return RateTable(fresh, pivot)


def newest(first: Quote | None, second: Quote | None) -> Quote | None:
    """The quote with the later as_of; of two equal ones the second."""
    if first is None or second is None:
        return second or first
    return first if first.as_of_us > second.as_of_us else second
