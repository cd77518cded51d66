"""Reports over HTTP: the format asked for, who may see what, and what cannot be told."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from tests.unit.reports.books import pnl_rows

from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from reports.adapters.gold import ReportUnavailable
from reports.catalog import REPORTS, Report
from reports.core.pnl.building import daily_pnl

KEY = "unit-test-key-0123456789"
PATH = "/v1/reports/daily-pnl?date=2013-10-07"


class Stored:
    """A repository with the report of one date."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def report(
        self, name: str, date: dt.date, known_at: dt.datetime | None, portfolio_ids: Sequence[str] | None
    ) -> Report:
        self.asked.append((name, date, known_at, portfolio_ids))
        if date != dt.date(2013, 10, 7):
            raise ReportUnavailable(f"no profit and loss of {date} is known", "run the end of day")
        return Report(REPORTS[name], daily_pnl(pnl_rows()))


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def client(stored: Stored, tmp_path: Path) -> httpx.AsyncClient:
    nothing = cast(Any, None)
    gateway = Gateway(View(), Health(), FixedClock(), cast(Any, stored), nothing, nothing, nothing, nothing)
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    app = protected(gateway, Security(KeyFile(key_file)), 1000)
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


@pytest.mark.parametrize(
    ("query", "accept", "media", "begins"),
    [
        ("", "*/*", "application/json", b"{"),
        ("&format=pdf", "text/html", "application/pdf", b"%PDF-"),
        ("", "application/xhtml+xml, text/html;q=0.9", "text/html", b"<!doctype html>"),
        ("&format=xlsx", "*/*", "application/vnd.openxmlformats", b"PK"),
    ],
)
async def test_a_report_comes_in_the_format_asked_for(
    client: httpx.AsyncClient, query: str, accept: str, media: str, begins: bytes
) -> None:
    answer = await client.get(PATH + query, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
    assert answer.content.startswith(begins)
    assert 'filename="daily-pnl-2013-10-07.' in answer.headers["content-disposition"]


async def test_a_page_may_style_itself_and_do_nothing_else(client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH + "&format=html")
    assert answer.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'"
    )


async def test_a_caller_who_reaches_everything_is_asked_nothing_away(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    await client.get(PATH + "&known_at=2013-10-07T22:00:00%2B02:00")
    known_at = dt.datetime(2013, 10, 7, 20, tzinfo=dt.UTC)
    assert stored.asked == [("daily-pnl", dt.date(2013, 10, 7), known_at, None)]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/v1/reports/daily-pnl?date=2013-10-08", 404, "run the end of day"),
        ("/v1/reports/weekly?date=2013-10-07", 422, "errors"),
        ("/v1/reports/daily-pnl", 422, "errors"),
        (PATH + "&format=docx", 422, "errors"),
    ],
)
async def test_what_cannot_be_told_is_a_problem(
    client: httpx.AsyncClient, path: str, status: int, says: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.text
