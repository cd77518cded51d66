"""What a key may hand on: no more than it has itself."""

from collections.abc import Iterable

from api_gateway.core.principal import ALL_PORTFOLIOS, Principal, Scope
from api_gateway.core.reach import Reach


def refusal(maker: Principal, reach: Reach, scopes: Iterable[Scope], portfolios: Iterable[str]) -> str | None:
    """Why `maker`, who reaches `reach`, may not make a key for these; None when it may.

    What is beyond reach is refused alike whether it exists or not.
    """
    for scope in scopes:
        if not maker.may(scope):
            return f"a key without the scope {scope!r} makes none that has it"
    for name in portfolios:
        if not hands_on(reach, name):
            return f"the key that makes it does not reach {name!r}; name portfolios that it reaches"
    return None


def hands_on(reach: Reach, name: str) -> bool:
    """Whether an entitlement, which may be `*`, is within a reach."""
    return reach.portfolios is None or (name != ALL_PORTFOLIOS and reach.covers(name))
