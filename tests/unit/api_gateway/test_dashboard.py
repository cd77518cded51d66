"""The committed bundle is the one of the committed sources, small, and served as a browser needs it."""

import gzip
import hashlib
import json
import re
import runpy
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api_gateway import problems
from api_gateway.endpoints import dashboard
from api_gateway.endpoints.dashboard import assets

GATEWAY = Path(__file__).resolve().parents[3] / "services" / "api-gateway"
WEB, BUNDLE = GATEWAY / "web", GATEWAY / "src" / "api_gateway" / "dashboard"
MANIFEST = json.loads((BUNDLE / "manifest.json").read_text())
MOST_GZIPPED_BYTES = 250_000


def hashes(base: Path, paths: list[Path]) -> dict[str, str]:
    return {str(path.relative_to(base)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def sources() -> list[Path]:
    named = [WEB / name for name in MANIFEST["sources"] if "/" not in name]
    return [*named, *(path for path in (WEB / "src").rglob("*") if path.is_file())]


def test_the_bundle_was_built_from_these_sources() -> None:
    assert hashes(WEB, sources()) == MANIFEST["sources"], "run `make web` and commit what it writes"


def test_every_input_of_the_build_is_watched() -> None:
    inputs = {path.name for path in WEB.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert inputs == {name for name in MANIFEST["sources"] if "/" not in name}


def test_the_types_of_the_sources_are_those_of_the_interface() -> None:
    tool = runpy.run_path(str(WEB / "shapes.py"))
    document = json.loads(tool["DOCUMENT"].read_text())
    assert tool["answers_module"](document) == tool["TARGET"].read_text(), "run `make web` and commit it"
    document["components"]["schemas"]["Money"]["properties"]["amount"]["type"] = "number"
    assert tool["answers_module"](document) != tool["TARGET"].read_text()


def test_the_bundle_was_not_touched_by_hand() -> None:
    built = [path for path in BUNDLE.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert hashes(BUNDLE, built) == MANIFEST["files"], "run `make web` and commit what it writes"


def test_all_of_it_is_small() -> None:
    assert sum(len(asset.compressed) for asset in assets().values()) < MOST_GZIPPED_BYTES


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    page = (BUNDLE / "index.html").read_text()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    assert {name.rpartition("/")[0] for name in loaded} == {"/assets"}
    assert {name.rpartition("/")[2] for name in loaded} <= set(assets())
    assert re.findall(r"<script[^>]*>[^<]", page) == []
    assert "style=" not in page


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(dashboard.router)
    problems.install(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


async def test_the_page_is_at_the_root_and_asked_for_again_each_time(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == (BUNDLE / "index.html").read_text()


@pytest.mark.parametrize("name", ["app.js", "app.css", "favicon.svg"])
async def test_a_file_comes_compressed_where_that_is_understood(client: httpx.AsyncClient, name: str) -> None:
    content = (BUNDLE / name).read_bytes()
    async with client.stream("GET", f"/assets/{name}", headers={"accept-encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join([part async for part in answer.aiter_raw()])) == content
    plain = await client.get(f"/assets/{name}", headers={"accept-encoding": "identity"})
    assert plain.content == content
    assert "content-encoding" not in plain.headers


async def test_a_file_that_is_known_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/assets/app.js")
    again = await client.get("/assets/app.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["manifest.json", "app.ts", "..%2Fapp.py"])
async def test_nothing_else_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/assets/{name}")).status_code == 404
