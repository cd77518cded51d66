"""What the risk service knows: daily history, and the newest valuation of each portfolio and basis."""

from collections.abc import Iterable
from datetime import datetime

from contracts import RiskReport, Valuation
from measuring.core.history import DailyHistory, FactorCache
from measuring.core.reports import factors_of, make_report
from quant import FactorMatrix
from risk.core.limits.book import LimitBook

Key = tuple[str, str]  # portfolio_id, basis


class RiskState:
    """Turns valuations into reports; a change of history turns the newest ones again."""

    def __init__(self, history: DailyHistory, pivot: str) -> None:
        self.pivot = pivot
        self._factors = FactorCache(history, pivot)
        self._newest: dict[Key, Valuation] = {}
        self.limits = LimitBook()

    @property
    def history(self) -> DailyHistory:
        return self._factors.history

    @property
    def history_version(self) -> str:
        return self.history.version

    def replace_history(self, history: DailyHistory) -> None:
        """Measure with this history from now on."""
        self._factors = FactorCache(history, self.pivot)

    def remember(self, valuation: Valuation) -> None:
        """Keep the valuation if none of its portfolio and basis has a later market time."""
        key = (valuation.portfolio_id, valuation.basis)
        known = self._newest.get(key)
        if known is None or valuation.as_of >= known.as_of:
            self._newest[key] = valuation

    def newest(self) -> list[Valuation]:
        """The newest valuation of each portfolio and basis, official ones first."""
        return sorted(self._newest.values(), key=lambda v: (v.basis, v.portfolio_id))

    def newest_live(self, portfolio_ids: Iterable[str]) -> list[Valuation]:
        """The newest live valuations of these portfolios, where there are any."""
        found = (self._newest.get((portfolio_id, "last")) for portfolio_id in portfolio_ids)
        return [valuation for valuation in found if valuation is not None]

    def valuation(self, portfolio_id: str, basis: str) -> Valuation | None:
        """The newest valuation of one portfolio and basis."""
        return self._newest.get((portfolio_id, basis))

    def report(self, valuation: Valuation, recorded_at: datetime) -> RiskReport:
        """All measures of one valuation, from history strictly before its market date."""
        return make_report(valuation, self.factors(valuation), self.history_version, recorded_at)

    def factors(self, valuation: Valuation) -> FactorMatrix | None:
        """What the book of a valuation is measured with; None without history before its market date."""
        return factors_of(self._factors, valuation)
