"""A change asked for with a cookie must come from our own pages.

A browser sends cookies with requests that other sites make it send. `SameSite=Strict` stops that already;
this is the second wall, which also holds for other ports and subdomains of the same site.
"""

from urllib.parse import urlsplit

from starlette.types import Scope

_TOLD = (b"sec-fetch-site", b"origin", b"host")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_from_our_pages(scope: Scope) -> bool:
    """Whether the browser says so, by Sec-Fetch-Site or else by an Origin that is the host asked."""
    told = {name: value for name, value in scope["headers"] if name in _TOLD}
    site = told.get(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin"
    origin = urlsplit(told.get(b"origin", b"").decode("latin-1"))
    return bool(origin.netloc) and origin.netloc == told.get(b"host", b"").decode("latin-1")
