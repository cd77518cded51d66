"""Headers that tell a browser what it must not do with our answers, and nobody what we are made of."""

from collections.abc import Iterable, Sequence

Header = tuple[bytes, bytes]
_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_CSP = b"content-security-policy"
_YEAR_S = 31_536_000
_HEADERS: tuple[Header, ...] = (
    (_CSP, _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"server", b"tapeline"),  # else the web server names itself
)
_ONLY_HTTPS: Header = (b"strict-transport-security", f"max-age={_YEAR_S}".encode())


def safety_headers(https: bool) -> tuple[Header, ...]:
    """The headers of every answer; where browsers come by https, they are told to come by nothing else."""
    return (*_HEADERS, _ONLY_HTTPS) if https else _HEADERS


def without_given(ours: Sequence[Header], given: Iterable[Header]) -> Sequence[Header]:
    """Ours, but for a policy that a route has set itself, as a page of its own does."""
    for name, _ in given:
        if name == _CSP:
            return [one for one in ours if one[0] != _CSP]
    return ours
