"""The live dashboard: one page and its files, built from services/api-gateway/web and committed.

The files hold no data, so they are open: whoever is not signed in sees how to sign in.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from api_gateway.problems import ProblemError

router = APIRouter(include_in_schema=False)

PAGE = "index.html"
ASSETS_PATH = "/assets/"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent; it is asked for again each time and then mostly not sent."""

    content: bytes
    compressed: bytes
    headers: Mapping[str, str]


@cache
def assets() -> Mapping[str, Asset]:
    """Files of the dashboard by name; read once, they change with the program only."""
    found = (one for one in files("api_gateway").joinpath("dashboard").iterdir() if one.is_file())
    return {
        one.name: _asset(one.read_bytes(), _TYPES[suffix])
        for one in found
        if (suffix := "." + one.name.rpartition(".")[2]) in _TYPES
    }


def _asset(content: bytes, media_type: str) -> Asset:
    headers = {
        "content-type": media_type,
        "etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "cache-control": "no-cache",
        "vary": "accept-encoding",
    }
    return Asset(content, gzip.compress(content, mtime=0), headers)


@router.get("/", operation_id="getDashboard")
async def get_dashboard(request: Request) -> Response:
    """The page."""
    return _answer(request, PAGE)


@router.get(ASSETS_PATH + "{name}", operation_id="getDashboardFile")
async def get_asset(request: Request, name: str) -> Response:
    """A file of the page."""
    return _answer(request, name)


def _answer(request: Request, name: str) -> Response:
    asset = assets().get(name)
    if asset is None:
        raise ProblemError(404, f"the dashboard has no file {name!r}")
    if request.headers.get("if-none-match") == asset.headers["etag"]:
        return Response(status_code=304, headers=asset.headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.compressed, headers={**asset.headers, "content-encoding": "gzip"})
    return Response(asset.content, headers=asset.headers)
