"""The dashboard as a person at a browser meets it: signed in by a one-time link, page by page."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Decimal

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from testkit.platform import Platform

DESK, PHONE = {"width": 1600, "height": 1000}, {"width": 390, "height": 844}
PATIENCE_MS = 60_000

expect.set_options(timeout=PATIENCE_MS)


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
