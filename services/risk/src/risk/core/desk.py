"""What an analysis on request works with: the newest valuations and the factors of their market dates."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts import Basis, Valuation
from contracts.analysis.common import AnalysisRequest, Unavailable
from measuring.core.history import DailyHistory, FactorCache, market_date
from measuring.core.reports import holdings_of, is_only_fx, priced
from quant import SCENARIO_COUNT, BookScenarios, FactorMatrix, Holding, Missing, Result, book_scenarios
from risk.core.limits.book import LimitBook
from risk.core.state import RiskState


class Refused(Exception):
    """A request that cannot be answered: HTTP status and what to do."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@dataclass(frozen=True, slots=True)
class DeskBook:
    """A valuation ready to be analysed; `factors` is None when no history lies before the market date."""

    valuation: Valuation
    holdings: tuple[Holding, ...]
    factors: FactorMatrix | None

    @property
    def market_date(self) -> date:
        return market_date(self.valuation.as_of)

    def scenarios(self) -> Result[BookScenarios]:
        """Scenario P&L and value series of the holdings."""
        if not self.holdings and self.valuation.positions:
            return Missing("unpriced", f"none of {len(self.valuation.positions)} positions is priced")
        if self.factors is None:
            return Missing("no_history", f"no daily history before {self.market_date}")
        return book_scenarios(self.factors, self.holdings)


class Desk:
    """Reads the state that another thread changes; it is itself used by one thread at a time."""

    def __init__(self, state: RiskState) -> None:
        self._state = state
        self._factors = FactorCache(state.history, state.pivot)

    @property
    def history(self) -> DailyHistory:
        """The daily history in force."""
        return self._state.history

    @property
    def limits(self) -> LimitBook:
        """All limits as they stand."""
        return self._state.limits

    def newest(self) -> list[Valuation]:
        """The newest valuation of every portfolio and basis."""
        return self._state.newest()

    def factors(self, valuation: Valuation) -> FactorMatrix | None:
        """What the stored measures of this valuation rest on."""
        return self.book_of(valuation, SCENARIO_COUNT).factors

    def valuation(self, portfolio_id: str, basis: Basis | None) -> Valuation:
        """The newest valuation; Refused (404) when there is none."""
        wanted = (basis,) if basis else ("last", "bar")
        for one in wanted:
            if (found := self._state.valuation(portfolio_id, one)) is not None:
                return found
        raise Refused(404, f"no valuation of portfolio {portfolio_id!r} yet: GET /v1/portfolios lists them")

    def book(self, request: AnalysisRequest) -> DeskBook:
        """The book a request is about, with as much history as it asks for."""
        return self.book_of(self.valuation(request.portfolio_id, request.basis), request.lookback)

    def book_of(self, valuation: Valuation, lookback: int) -> DeskBook:
        """Any valuation, also a supposed one, with the newest `lookback` scenarios before its date."""
        if lookback < 1:
            raise Refused(422, f"lookback {lookback} must be at least 1 scenario")
        held = priced(valuation)
        if self._factors.history is not self.history:
            self._factors = FactorCache(self.history, self._state.pivot)
        factors = self._factors.factors(
            market_date(valuation.as_of), valuation.currency, only_fx=is_only_fx(held), rows=lookback + 1
        )
        return DeskBook(valuation, tuple(holdings_of(held)), factors)

    def head(self, valuation: Valuation) -> dict[str, Any]:
        """The fields of `Answer`."""
        return {
            "portfolio_id": valuation.portfolio_id,
            "valuation_id": valuation.valuation_id,
            "basis": valuation.basis,
            "as_of": valuation.as_of,
            "currency": valuation.currency,
            "history_version": self.history.version,
        }


def unavailable(missing: Missing) -> Unavailable:
    """A missing result on the wire."""
    return Unavailable(missing.reason, missing.message)
