"""What belongs to a portfolio."""

from collections.abc import Mapping

from api_gateway.schemas.portfolios import PortfolioTree
from contracts import Portfolio


def portfolio_tree(portfolios: Mapping[str, Portfolio], portfolio_id: str) -> PortfolioTree | None:
    """A portfolio with its children and all portfolios below it; None when it is unknown."""
    portfolio = portfolios.get(portfolio_id)
    if portfolio is None:
        return None
    children = children_by_parent(portfolios)
    return PortfolioTree(
        portfolio_id=portfolio.portfolio_id,
        name=portfolio.name,
        base_currency=portfolio.base_currency,
        parent_id=portfolio.parent_id,
        children=tuple(sorted(children.get(portfolio_id, ()))),
        members=tuple(sorted(below(children, portfolio_id) - {portfolio_id})),
        recorded_at=portfolio.recorded_at,
    )


def children_by_parent(portfolios: Mapping[str, Portfolio]) -> dict[str, list[str]]:
    """Ids of the portfolios directly below each portfolio that has some."""
    children: dict[str, list[str]] = {}
    for one in portfolios.values():
        if one.parent_id is not None:
            children.setdefault(one.parent_id, []).append(one.portfolio_id)
    return children


def below(children: Mapping[str, list[str]], portfolio_id: str) -> set[str]:
    """Everything below; a circle, which valuation refuses but the topic may hold, is walked once."""
    found: set[str] = set()
    waiting = [portfolio_id]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
