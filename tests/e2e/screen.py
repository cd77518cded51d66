"""The dashboard as a person at a browser meets it: signed in by a one-time link, page by page."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import count
from typing import Any

from kafka import KafkaProducer
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from testkit.platform import Platform

DESK, PHONE = {"width": 1600, "height": 1000}, {"width": 390, "height": 844}
PATIENCE_MS = 60_000
# Before every replayed day of the other modules: an older tick never replaces a newer price.
NOW = datetime(2013, 9, 3, 14, 30, tzinfo=UTC)

expect.set_options(timeout=PATIENCE_MS)
_sequence = count()


@contextmanager
def signed_in(browser: Browser, platform: Platform, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """A page behind a one-time link, and the errors that its console has had."""
    context: BrowserContext = browser.new_context(**{"viewport": DESK, **options})  # type: ignore[arg-type]
    page, errors = context.new_page(), []
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    link = platform.http.post("/v1/signin-links").raise_for_status().json()["path"]
    page.goto(platform.client["api_url"] + link)
    expect(page.locator(".link.live")).to_be_visible()
    try:
        yield page, errors
    finally:
        context.close()


def open_page(page: Page, name: str) -> None:
    """Go to a page and wait until nothing on it is loading."""
    page.evaluate(f"location.hash = '#/{name}'")
    expect(page.locator(f"nav a[href='#/{name.split('/')[0]}'][aria-current=page]")).to_be_visible()
    expect(page.locator(".panel").first).to_be_visible()
    expect(page.locator(".state.waiting")).to_have_count(0)


def row_of(page: Page, name: str) -> Locator:
    """The table row whose link is called so."""
    return page.locator("tr", has=page.get_by_role("link", name=name, exact=True))


def shown(amount: Decimal) -> str:
    """An amount as the overview writes it."""
    return f"{amount.quantize(Decimal(1), ROUND_HALF_EVEN):,}"


def overview_row(page: Page, portfolio: str) -> dict[str, str]:
    """Texts of the portfolio's line by the heads of their columns, once it is there."""
    expect(row_of(page, portfolio)).to_be_visible()
    heads = page.locator("table", has_text=portfolio).first.locator("thead th").all_inner_texts()
    return dict(zip(heads, row_of(page, portfolio).locator("td").all_inner_texts(), strict=True))


def lights(page: Page, portfolio: str) -> dict[str, str]:
    """States of the portfolio's limits as the overview tells them."""
    told = row_of(page, portfolio).locator(".lights").get_attribute("title") or ""
    return dict(re.findall(r"^([\w-]+): (\w+)", told, re.MULTILINE))


@contextmanager
def stopped(platform: Platform, service: str) -> Iterator[None]:
    """A process that is there and does nothing, as one that hangs."""
    pid = platform.pid(service)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def alter(page: Page, pattern: str, change: Callable[[Any], None]) -> None:
    """Let the gateway's answers to a pattern of addresses reach the page changed."""

    def answer(route: Route) -> None:
        found = route.fetch()
        body = found.json()
        change(body)
        route.fulfill(response=found, json=body)

    page.route(re.compile(pattern), answer)


def send_price(platform: Platform, symbol: str, price: str, later_s: int = 0) -> None:
    """A tick one second after the last; `later_s` more let the market go on at once."""
    seq = next(_sequence)
    for _ in range(later_s):
        seq = next(_sequence)
    tick = {
        "symbol": symbol,
        "ts_event": (NOW + timedelta(seconds=seq)).isoformat(),
        "price": price,
        "currency": "USD",
        "exchange": "NYSE",
        "volume": 100,
        "source": "screen",
        "seq": seq,
    }
    producer = KafkaProducer(bootstrap_servers=platform.client["kafka"])
    producer.send("marketdata.ticks.raw.v1", key=symbol.encode(), value=json.dumps(tick).encode())
    producer.flush(10)
    producer.close()
