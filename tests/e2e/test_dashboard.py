"""The dashboard in a real browser: it loads, lives, survives its gateway, and says what REST says."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from kafka import KafkaProducer
from playwright.sync_api import Browser, Page, expect
from tests.e2e.screen import PATIENCE_MS, PHONE, open_page, row_of, shown, signed_in

from testkit.platform import Platform, eventually

WEB = Path(__file__).resolve().parents[2] / "services" / "api-gateway" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
# Before every replayed day of the other modules: an older tick never replaces a newer price.
NOW = datetime(2013, 9, 3, 14, 30, tzinfo=UTC)
PORTFOLIO, LIMIT = "SCREEN", "screen-gross"
BOOK = {"IBM": 100, "AIG": -50}
PAGES = ("overview", f"portfolio/{PORTFOLIO}", "market/IBM", "limits", "pipeline")

pytestmark = pytest.mark.timeout(600)
_sequence = count()


@pytest.fixture(scope="module")
def axe() -> str:
    """The accessibility checker, a development dependency of the dashboard."""
    if not AXE.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("no axe-core and no npm to install it: apt-get install -y npm, then make web")
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=WEB, check=True, capture_output=True)
    return AXE.read_text()


@pytest.fixture(scope="module")
def desk(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A book of two names, prices of both, and a limit that the book breaks."""
    folder = tmp_path_factory.mktemp("screen")
    (folder / "portfolios.csv").write_text(
        f"portfolio_id,name,base_currency,parent_id\n{PORTFOLIO},Book on a screen,USD,\n"
    )
    lines = [f"{PORTFOLIO},{symbol},{held},40,USD,2013-09-02" for symbol, held in BOOK.items()]
    header = "portfolio_id,symbol,quantity,average_cost,currency,as_of"
    (folder / "positions.csv").write_text("\n".join([header, *lines]))
    platform.run("load", "portfolios", str(folder / "portfolios.csv"))
    platform.run("load", "positions", str(folder / "positions.csv"))
    limit = {"portfolio_id": PORTFOLIO, "measure": "gross", "hard_level": 1000}
    eventually(lambda: platform.http.put(f"/v1/limits/{LIMIT}", json=limit).is_success, bool)
    send_price(platform, "IBM", "182.05")
    send_price(platform, "AIG", "48.50")
    eventually(lambda: value_of(platform), lambda value: value == Decimal("15780"))
    return platform


def send_price(platform: Platform, symbol: str, price: str) -> None:
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


def value_of(platform: Platform) -> Decimal | None:
    amount = platform.get(f"/portfolios/{PORTFOLIO}/value")["market_value"]
    return None if amount is None else Decimal(amount["amount"])


def overview_row(page: Page) -> list[str]:
    return row_of(page, PORTFOLIO).locator("td").all_inner_texts()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_is_accessible_and_without_errors(
    browser: Browser, desk: Platform, axe: str, theme: str
) -> None:
    with signed_in(browser, desk, color_scheme=theme) as (page, errors):
        page.evaluate(axe)
        serious = {}
        for name in PAGES:
            open_page(page, name)
            expect(page.locator(".state.failed")).to_have_count(0)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            serious |= {
                f"{name}: {one['id']}": [node["html"][:120] for node in one["nodes"]]
                for one in found
                if one["impact"] in ("serious", "critical")
            }
        assert serious == {}
        assert errors == []


def test_a_tick_changes_the_overview_and_the_position(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, errors):
        expect(page.get_by_role("link", name=PORTFOLIO, exact=True)).to_be_visible()
        eventually(lambda: overview_row(page)[2], lambda text: text == shown(value_of(desk) or Decimal(0)))
        send_price(desk, "IBM", "190.00")
        eventually(lambda: overview_row(page)[2], lambda text: text == "16,575")
        assert value_of(desk) == Decimal("16575")
        open_page(page, f"portfolio/{PORTFOLIO}")
        send_price(desk, "IBM", "200.25")
        row = page.locator("tr", has=page.get_by_role("link", name="IBM", exact=True)).first
        expect(row).to_contain_text("20,025")
        row.get_by_role("button").click()
        expect(page.locator("dl.evidence")).to_contain_text("screen/IBM/")
        assert errors == []


def test_it_says_that_the_gateway_is_gone_and_comes_back_by_itself(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, errors):
        expect(page.get_by_role("link", name=PORTFOLIO, exact=True)).to_be_visible()
        desk.kill("api-gateway")
        expect(page.get_by_role("alert")).to_contain_text("Disconnected")
        expect(page.locator(".link.live")).to_be_visible(timeout=2 * PATIENCE_MS)
        expect(page.get_by_role("alert")).to_have_count(0)
        send_price(desk, "AIG", "50.00")
        eventually(lambda: overview_row(page)[2], lambda text: text == shown(value_of(desk) or Decimal(0)))
        # The browser itself reports each request that met nobody; nothing else may have gone wrong.
        assert [text for text in errors if "Failed to load resource" not in text] == []


def test_a_breach_is_seen_and_acknowledged(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, errors):
        open_page(page, f"limits/{LIMIT}")
        row = page.locator("tr", has=page.get_by_role("button", name=re.compile(LIMIT)))
        expect(row).to_contain_text("BREACH")
        page.get_by_label("Your name").fill("ann")
        page.get_by_label("Why, kept for ever").fill("known, being sold")
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.locator(".desk")).to_contain_text("acknowledged by ann")
        actions = desk.get(f"/limits/{LIMIT}")["actions"]
        assert [(one["action"], one["actor"], one["note"]) for one in actions] == [
            ("acknowledge", "ann", "known, being sold")
        ]
        assert errors == []


def test_a_supposed_trade_shows_what_it_would_do(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, errors):
        open_page(page, f"portfolio/{PORTFOLIO}")
        before = value_of(desk)
        page.get_by_label("Symbol").fill("IBM")
        page.get_by_label("Quantity").fill("-100")
        page.get_by_label("Price").fill("200.25")
        page.get_by_role("button", name="Show").click()
        row = page.locator(".what-if tr", has_text="Market value")
        body = {
            "portfolio_id": PORTFOLIO,
            "trades": [{"symbol": "IBM", "quantity": "-100", "price": "200.25"}],
        }
        told = desk.http.post("/v1/what-if", json=body).raise_for_status().json()["market_value"]
        expect(row).to_contain_text(shown(Decimal(told["after"])).replace("-", "−"))
        assert value_of(desk) == before
        assert errors == []


def test_it_is_worked_by_keys(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, errors):
        page.keyboard.press("5")
        expect(page.get_by_role("heading", name="Conservation of ticks")).to_be_visible()
        page.keyboard.press("/")
        expect(page.get_by_placeholder("Find")).to_be_focused()
        page.keyboard.type("aig")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="AIG", exact=True)).to_be_visible()
        page.keyboard.press("Tab")
        before = page.evaluate("document.documentElement.dataset.theme")
        page.keyboard.press("t")
        assert page.evaluate("document.documentElement.dataset.theme") != before
        assert errors == []


def test_it_fits_a_phone(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk, viewport=PHONE, is_mobile=True, has_touch=True) as (page, errors):
        for name in PAGES:
            open_page(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
        assert errors == []


def test_who_is_signed_out_is_told_how_to_come_in(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, _):
        page.context.clear_cookies()
        page.keyboard.press("5")
        expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    context = browser.new_context()
    page = context.new_page()
    page.goto(desk.client["api_url"])
    expect(page.get_by_text("tapeline link")).to_be_visible()
    context.close()
