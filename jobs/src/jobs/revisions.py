"""Silver bars and their revisions: what is new, what differs, what stays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from jobs.fx_history import FxHistory
from jobs.silver_bars import WindowKey
from quant import CrossRate, convert, cross_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class SilverBar:
    """One revision of one bar; times are microseconds since 1970-01-01 UTC, prices are exact.

    `notional_e8` = sum(price_e8*volume), an integer. `last_offset` of `kafka_partition` is the newest tick in
    it by arrival.
    `rate_sources` names the quotes behind `reporting_rate`.
    """

    symbol: str
    trade_date: date
    window_start_us: int
    window_end_us: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal | None
    notional_e8: Decimal
    volume: int
    trades: int
    currency: str
    first_tick_id: str
    last_tick_id: str
    as_of_us: int
    kafka_partition: int
    last_offset: int
    revision: int = 0
    recorded_at_us: int = 0
    close_reporting: Decimal | None = None
    reporting_currency: str | None = None
    reporting_rate: Decimal | None = None
    rate_sources: str | None = None

    @property
    def key(self) -> WindowKey:
        return self.symbol, self.window_start_us


CONTENT = (
    "open", "high", "low", "close", "vwap", "notional_e8", "volume", "trades",
    "currency", "first_tick_id", "last_tick_id", "as_of_us",
)  # fmt: skip
"""What makes a bar another bar. A rate that arrives later does not: a bar keeps the rate known when made."""


@dataclass(frozen=True, slots=True)
class ReportingRule:
    """Which currency closes are reported in, and through which one rates are crossed."""

    currency: str = "USD"
    pivot: str = "USD"


def revised(
    bars: Iterable[SilverBar], latest: Mapping[WindowKey, SilverBar], recorded_at_us: int
) -> list[SilverBar]:
    """Those bars that are new or differ in CONTENT from the latest stored revision, numbered latest + 1."""
    changed = []
    for bar in bars:
        stored = latest.get(bar.key)
        if stored is None or any(getattr(bar, name) != getattr(stored, name) for name in CONTENT):
            revision = 1 if stored is None else stored.revision + 1
            changed.append(replace(bar, revision=revision, recorded_at_us=recorded_at_us))
    return changed


def with_reporting_close(bar: SilverBar, history: FxHistory, rule: ReportingRule) -> SilverBar:
    """The bar with its close in the reporting currency at the rates known at its end; null when unconnected.

    The rate is rounded to 18 places and the close to 8, each once and half-even.
    """
    quotes = history.as_of(bar.window_end_us)
    rates = {pair: quote.rate for pair, quote in quotes.items()}
    crossed = cross_rate(rates, bar.currency, rule.currency, rule.pivot)
    if not isinstance(crossed, CrossRate):
        return replace(bar, reporting_currency=rule.currency)
    return replace(
        bar,
        reporting_currency=rule.currency,
        reporting_rate=crossed.rate,
        close_reporting=convert(bar.close, crossed.rate),
        rate_sources=", ".join(quotes[pair].source for pair in crossed.pairs) or None,
    )
