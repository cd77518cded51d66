"""The cookie that carries a session."""

from starlette.types import Scope


def cookie_name(scope: Scope) -> str:
    """One name per port: browsers do not tell the ports of a host apart, and several stacks may share one."""
    server = scope.get("server")
    return f"tapeline_session_{server[1] if server else 0}"


def session_in(scope: Scope, cookies: bytes) -> bytes | None:
    """The session among the cookies of a request."""
    name = cookie_name(scope).encode()
    for cookie in cookies.split(b";"):
        found, _, value = cookie.strip().partition(b"=")
        if found == name:
            return value
    return None
