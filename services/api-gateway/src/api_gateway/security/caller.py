"""Who asks, as the door has written it into the request."""

from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.types import Scope

from api_gateway.core.principal import Principal
from api_gateway.core.reach import EVERYTHING, Reach, reach_below
from api_gateway.core.view import View

_PORTFOLIO = "tapeline.portfolio"
_PRINCIPAL, _REACH = "tapeline.principal", "tapeline.reach"
_SIGNED_IN = "tapeline.signed_in"
_KEPT = 10_000


class Entitlements:
    """The reach of every principal, kept until the tree of portfolios changes."""

    def __init__(self, view: View) -> None:
        self._view, self._version = view, -1
        self._kept: dict[frozenset[str], Reach] = {}

    def reach(self, principal: Principal) -> Reach:
        roots = principal.portfolios
        if roots is None:
            return EVERYTHING
        if self._version != self._view.tree_version or len(self._kept) > _KEPT:
            self._kept, self._version = {}, self._view.tree_version
        found = self._kept.get(roots)
        if found is None:
            found = self._kept[roots] = reach_below(roots, self._view.portfolios)
        return found


def introduce(scope: Scope, principal: Principal, reach: Reach) -> None:
    """Write the caller into a request."""
    scope[_PRINCIPAL], scope[_REACH] = principal, reach


def caller_of(scope: Scope) -> Principal | None:
    """Who asks; None for a request that needs nobody."""
    return scope.get(_PRINCIPAL)


def principal_of(request: Request) -> Principal:
    """Who asks, on a route behind the door."""
    return request.scope[_PRINCIPAL]


def reach_of(scope: Scope) -> Reach:
    """What the caller reaches, on a route behind the door."""
    return scope[_REACH]


def note_signed_in(request: Request, principal: Principal) -> None:
    """Say who a stranger has turned out to be, by a link."""
    request.scope[_SIGNED_IN] = principal


def signed_in(scope: Scope) -> Principal | None:
    """Who has signed in with this very request."""
    return scope.get(_SIGNED_IN)


def concerns(request: Request, portfolio_id: str) -> None:
    """Say which portfolio a request is about that names it in its body."""
    request.scope[_PORTFOLIO] = portfolio_id


def portfolio_named(scope: Scope) -> str | None:
    """The portfolio a request is about: in its path, its body or its query."""
    in_path = scope.get("path_params", {}).get("portfolio_id") or scope.get(_PORTFOLIO)
    if in_path is not None:
        return in_path
    return next(iter(QueryParams(scope["query_string"]).getlist("portfolio_id")), None)
