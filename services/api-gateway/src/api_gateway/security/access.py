"""What each operation needs. One that is not listed needs `admin`, and a test fails until it is listed."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from fastapi import Request

from api_gateway.adapters.row_security import see
from api_gateway.core.principal import Scope
from api_gateway.core.reach import NOTHING
from api_gateway.problems import ProblemError, no_portfolio
from api_gateway.security.admin_port import came_by_admin_port
from api_gateway.security.caller import caller_of, reach_of

READING = (
    "backtestLimit",
    "explainVar",
    "getBacktest",
    "getComponents",
    "getCure",
    "getExposures",
    "getHistory",
    "getInstrument",
    "getLimit",
    "getLimits",
    "getPipeline",
    "getPnl",
    "getPortfolio",
    "getReport",
    "getRisk",
    "getScenarios",
    "getStress",
    "getValue",
    "getValueEvidence",
    "getVar",
    "listBars",
    "listInstruments",
    "listLimitEvents",
    "listLimitStates",
    "listPortfolios",
    "listPositions",
    "listTrades",
    "postStress",
    "postWhatIf",
    "stream",
)
OPEN = frozenset({"getHealth", "getReadiness", "signIn", "getDashboard", "getDashboardFile"})
"""Asked without a credential."""
OWN = frozenset({"createSigninLink", "getSession", "signOut"})
"""About the caller itself, so any scope will do."""
NEEDED: Mapping[str, Scope] = MappingProxyType(
    {
        **dict.fromkeys(READING, "read"),
        **dict.fromkeys(("postTrades", "putPositions"), "trade"),
        **dict.fromkeys(("actOnLimit", "putLimit"), "limits"),
        "getMetrics": "metrics",
        **dict.fromkeys(("createKey", "listKeys", "revokeKey"), "admin"),
    }
)
AT_BOTH_PORTS = frozenset({"getHealth", "getReadiness"})


async def authorise(request: Request) -> None:
    """Done before every route. Raises a 403 problem without the scope, 404 at the wrong port and for a
    portfolio beyond reach.
    """
    operation: str = request.scope["route"].operation_id
    if operation not in AT_BOTH_PORTS and is_administrative(operation) != came_by_admin_port(request.scope):
        port = "administrative" if is_administrative(operation) else "main"
        raise ProblemError(404, f"this is asked on the {port} port only")
    principal = caller_of(request.scope)
    if principal is None:
        if operation not in OPEN:
            raise ProblemError(401, "this needs a key")
        see(NOTHING)
        return
    needed = _needed(operation)
    if operation not in OWN and not principal.may(needed):
        raise ProblemError(403, f"this needs a key with the scope {needed!r}")
    reach = reach_of(request.scope)
    for portfolio_id in _named(request):
        if not reach.covers(portfolio_id):
            raise no_portfolio(portfolio_id)
    see(reach)


def is_administrative(operation: str) -> bool:
    """Whether an operation is asked at the administrative port: those that need `admin`."""
    return operation not in OPEN and operation not in OWN and _needed(operation) == "admin"


def _needed(operation: str) -> Scope:
    return NEEDED.get(operation, "admin")


def _named(request: Request) -> Iterator[str]:
    """Portfolios in path and query; those in bodies meet a view that does not show them."""
    if (in_path := request.path_params.get("portfolio_id")) is not None:
        yield in_path
    yield from request.query_params.getlist("portfolio_id")
