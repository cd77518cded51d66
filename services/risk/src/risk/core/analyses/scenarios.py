"""The distribution behind a VaR."""

from contracts.analysis.scenarios import Scenario, ScenariosAnswer, ScenariosRequest
from quant import Missing
from risk.core.desk import Desk, unavailable


def scenarios(desk: Desk, request: ScenariosRequest) -> ScenariosAnswer:
    """Each past day applied to current holdings, oldest first."""
    book = desk.book(request)
    found = book.scenarios()
    head = desk.head(book.valuation)
    if isinstance(found, Missing):
        return ScenariosAnswer(**head, scenarios=(), unavailable=unavailable(found))
    rows = zip(found.dates.tolist(), found.pnl.tolist(), strict=True)
    return ScenariosAnswer(**head, scenarios=tuple(Scenario(day, pnl) for day, pnl in rows))
