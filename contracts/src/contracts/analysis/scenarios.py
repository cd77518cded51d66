"""The profit or loss that each past day would bring to today's book."""

from datetime import date

from msgspec import Struct

from contracts.analysis.common import AnalysisRequest, Answer, Unavailable


class ScenariosRequest(AnalysisRequest, frozen=True, kw_only=True):
    """The whole distribution behind a VaR."""


class Scenario(Struct, frozen=True, gc=False):
    """One past day applied to current holdings; a gain is positive, in the base currency."""

    date: date
    pnl: float


class ScenariosAnswer(Answer, frozen=True, kw_only=True):
    """Scenarios from the oldest to the newest; none when they are unavailable."""

    scenarios: tuple[Scenario, ...]
    unavailable: Unavailable | None = None
