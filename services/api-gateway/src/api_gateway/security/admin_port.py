"""The administrative port: keys are made, listed and revoked there and nowhere else.

Whoever reaches only the port of the API can make no key, not even with one that may do everything.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

_MARK = "tapeline.admin_port"


class AdminPort:
    """The application as its second listener has it: its requests say where they came in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_MARK] = True
        await self._app(scope, receive, send)


def came_by_admin_port(scope: Scope) -> bool:
    """Whether a request was made at the administrative port."""
    return _MARK in scope
