"""The newest message of everything, and the answers already made from it."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Generic, TypeVar

from api_gateway.core.bar_check import BarCheck
from api_gateway.core.stream import Changes
from api_gateway.core.stream import Key as ChangeKey
from contracts import Bar, Basis, Coverage, Instrument, LimitEvent, Portfolio, Position, RiskReport, Valuation

KEPT_WINDOWS = 96
"""Newest windows kept per symbol: final bars are stored elsewhere, so only those on their way matter."""
KEPT_RATES = 32
"""Newest values of a portfolio whose rates are kept: risk follows a value by a few of them."""

_RANK = {"forming": 0, "provisional": 1, "final": 2}
Key = tuple[str, str]
"""Portfolio and basis."""

M = TypeVar("M", Valuation, RiskReport)


@dataclass(slots=True)
class Held(Generic[M]):
    """A message and the encoded answers made from it; both are dropped together when a newer one comes."""

    message: M
    answers: dict[Hashable, bytes] = field(default_factory=dict[Hashable, bytes])

    def answer(self, key: Hashable, make: Callable[[M], bytes]) -> bytes:
        """The answer made earlier, or a new one."""
        found = self.answers.get(key)
        if found is None:
            found = self.answers[key] = make(self.message)
        return found

    @property
    def tag(self) -> str:
        """Names the message: the same in every gateway, another one for every recalculation."""
        told = f"{self.message.valuation_id}|{self.message.recorded_at.isoformat()}"
        return blake2b(told.encode(), digest_size=12).hexdigest()


@dataclass(slots=True)
class View:
    """What the gateway knows without asking a database."""

    instruments: dict[str, Instrument] = field(default_factory=dict[str, Instrument])
    portfolios: dict[str, Portfolio] = field(default_factory=dict[str, Portfolio])
    books: dict[str, dict[str, Position]] = field(default_factory=dict[str, dict[str, Position]])
    valuations: dict[tuple[str, str], Held[Valuation]] = field(
        default_factory=dict[tuple[str, str], Held[Valuation]]
    )
    risks: dict[tuple[str, str], Held[RiskReport]] = field(
        default_factory=dict[tuple[str, str], Held[RiskReport]]
    )
    rates: dict[Key, dict[str, Mapping[str, Decimal]]] = field(
        default_factory=dict[Key, dict[str, Mapping[str, Decimal]]]
    )
    limits: dict[str, LimitEvent] = field(default_factory=dict[str, LimitEvent])
    bars: dict[str, dict[datetime, Bar]] = field(default_factory=dict[str, dict[datetime, Bar]])
    bar_check: BarCheck = field(default_factory=BarCheck, compare=False)
    changes: Changes = field(default_factory=Changes, compare=False)
    tree_version: int = field(default=0, compare=False)
    """Changes with the portfolios, and so with who belongs to whom."""

    def is_known(self, portfolio_id: str) -> bool:
        """Whether the portfolio is defined or was valued."""
        return portfolio_id in self.portfolios or (portfolio_id, "last") in self.valuations

    def base_currency(self, portfolio_id: str) -> str:
        """Base currency of a known portfolio."""
        portfolio = self.portfolios.get(portfolio_id)
        if portfolio is not None:
            return portfolio.base_currency
        return self.valuations[portfolio_id, "last"].message.currency

    def valuation(self, portfolio_id: str, basis: Basis) -> Held[Valuation] | None:
        return self.valuations.get((portfolio_id, basis))

    def risk(self, portfolio_id: str, basis: Basis | None) -> Held[RiskReport] | None:
        """The newest report of that basis; without a basis the live one, else the official one."""
        if basis is not None:
            return self.risks.get((portfolio_id, basis))
        return self.risks.get((portfolio_id, "last")) or self.risks.get((portfolio_id, "bar"))

    def bars_between(self, symbol: str, start: datetime | None, end: datetime | None) -> Iterable[Bar]:
        """Bars in memory with start <= window_start < end, oldest first."""
        windows = self.bars.get(symbol, {})
        for window in sorted(windows):
            if (start is None or window >= start) and (end is None or window < end):
                yield windows[window]

    def rates_of(self, key: Key, valuation_id: str) -> Mapping[str, Decimal] | None:
        """The rates of a value; None when it is not among the newest any more."""
        return self.rates.get(key, {}).get(valuation_id)

    def put_instrument(self, instrument: Instrument) -> None:
        self.instruments[instrument.symbol] = instrument

    def put_portfolio(self, portfolio: Portfolio) -> None:
        self.portfolios[portfolio.portfolio_id] = portfolio
        self.tree_version += 1

    def put_position(self, position: Position) -> None:
        self.books.setdefault(position.portfolio_id, {})[position.symbol] = position

    def put_valuation(self, valuation: Valuation) -> None:
        """Keep the newest by market time; an equal time is a recalculation and replaces."""
        key = (valuation.portfolio_id, valuation.basis)
        held = self.valuations.get(key)
        if held is None or (valuation.as_of, valuation.revision) >= (
            held.message.as_of,
            held.message.revision,
        ):
            self.valuations[key] = held = Held(valuation)
            self._keep_rates(key, valuation)
            self.changes.put(ChangeKey("values", *key), held)

    def put_risk(self, report: RiskReport) -> None:
        key = (report.portfolio_id, report.basis)
        held = self.risks.get(key)
        if held is None or report.as_of >= held.message.as_of:
            self.risks[key] = held = Held(report)
            self.changes.put(ChangeKey("risk", *key), held)

    def _keep_rates(self, key: Key, valuation: Valuation) -> None:
        recent = self.rates.setdefault(key, {})
        recent[valuation.valuation_id] = valuation.fx_rates
        if len(recent) > KEPT_RATES:
            del recent[next(iter(recent))]

    def put_limit_event(self, event: LimitEvent) -> None:
        """Keep the newest event of each limit; a repeat of one changes nothing."""
        held = self.limits.get(event.limit_id)
        if held is None or (event.sequence or 0, event.as_of) > (held.sequence or 0, held.as_of):
            self.limits[event.limit_id] = event
            self.changes.put(ChangeKey("limits", event.portfolio_id, event.limit_id), event)

    def put_bar(self, bar: Bar) -> None:
        """Keep the surest version of each window, of the newest windows."""
        windows = self.bars.setdefault(bar.symbol, {})
        held = windows.get(bar.window_start)
        if held is None or surer(bar, held):
            self.bar_check.take(held, bar)
            windows[bar.window_start] = bar
            self.changes.put(ChangeKey("bars", bar.symbol, bar.window_start.isoformat()), bar)
        if len(windows) > KEPT_WINDOWS:
            del windows[min(windows)]

    def forget_instrument(self, symbol: str) -> None:
        self.instruments.pop(symbol, None)

    def forget_portfolio(self, portfolio_id: str) -> None:
        self.portfolios.pop(portfolio_id, None)
        self.tree_version += 1

    def forget_position(self, portfolio_id: str, symbol: str) -> None:
        self.books.get(portfolio_id, {}).pop(symbol, None)

    def forget_values(self, portfolio_id: str) -> None:
        for basis in ("last", "bar"):
            self.valuations.pop((portfolio_id, basis), None)
            self.rates.pop((portfolio_id, basis), None)
            self.changes.remove(ChangeKey("values", portfolio_id, basis))

    def forget_risks(self, portfolio_id: str) -> None:
        for basis in ("last", "bar"):
            self.risks.pop((portfolio_id, basis), None)
            self.changes.remove(ChangeKey("risk", portfolio_id, basis))


def surer(one: Bar, other: Bar) -> bool:
    """Whether `one` replaces `other` in a window: final over provisional over forming, then the newer."""
    return (_RANK[one.status], one.revision, one.recorded_at) >= (
        _RANK[other.status],
        other.revision,
        other.recorded_at,
    )


def no_coverage() -> Coverage:
    """Coverage of a portfolio that was not valued yet: nothing is known, so it is not complete."""
    return Coverage(positions=0, priced=0, unpriced=0, stale=0, complete=False, notes=())
