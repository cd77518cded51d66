"""The dashboard in a real browser: it loads, lives, survives its gateway, and says what REST says."""

import re
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.e2e.screen import (
    NOW,
    PATIENCE_MS,
    PHONE,
    alter,
    lights,
    open_page,
    overview_row,
    row_of,
    send_price,
    shown,
    signed_in,
    stopped,
)

from testkit.platform import Platform
from testkit.waiting import eventually

WEB = Path(__file__).resolve().parents[2] / "services" / "api-gateway" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PORTFOLIO, LIMIT, QUIET_LIMIT = "SCREEN", "screen-gross", "screen-net"
BOOK = {"IBM": 100, "AIG": -50}
PAGES = ("overview", f"portfolio/{PORTFOLIO}", "market/IBM", "limits", "pipeline")

pytestmark = pytest.mark.timeout(600)


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
    """A book of two names, prices of both, a limit that the book breaks and one that it keeps."""
    folder = tmp_path_factory.mktemp("screen")
    (folder / "portfolios.csv").write_text(
        f"portfolio_id,name,base_currency,parent_id\n{PORTFOLIO},Book on a screen,USD,\n"
    )
    lines = [f"{PORTFOLIO},{symbol},{held},40,USD,2013-09-02" for symbol, held in BOOK.items()]
    header = "portfolio_id,symbol,quantity,average_cost,currency,as_of"
    (folder / "positions.csv").write_text("\n".join([header, *lines]))
    platform.run("load", "portfolios", str(folder / "portfolios.csv"))
    platform.run("load", "positions", str(folder / "positions.csv"))
    set_limit(platform, LIMIT, "gross", 1000)
    set_limit(platform, QUIET_LIMIT, "net", 30_000)
    send_price(platform, "IBM", "182.05")
    send_price(platform, "AIG", "48.50")
    eventually(lambda: value_of(platform), lambda value: value == Decimal("15780"))
    return platform


def set_limit(platform: Platform, name: str, measure: str, hard_level: float) -> None:
    limit = {"portfolio_id": PORTFOLIO, "measure": measure, "hard_level": hard_level}
    eventually(lambda: platform.http.put(f"/v1/limits/{name}", json=limit).is_success, bool)


def value_of(platform: Platform) -> Decimal | None:
    amount = platform.get(f"/portfolios/{PORTFOLIO}/value")["market_value"]
    return None if amount is None else Decimal(amount["amount"])


def value_is_shown(page: Page, platform: Platform) -> None:
    eventually(
        lambda: overview_row(page, PORTFOLIO)["Value"],
        lambda text: text == shown(value_of(platform) or Decimal(0)),
    )


def states_become(page: Page, quiet: str) -> None:
    """The broken limit stays broken; `quiet` is the state of the other one."""
    eventually(lambda: lights(page, PORTFOLIO), lambda told: told == {LIMIT: "BREACH", QUIET_LIMIT: quiet})


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
        value_is_shown(page, desk)
        send_price(desk, "IBM", "190.00")
        eventually(lambda: overview_row(page, PORTFOLIO)["Value"], lambda text: text == "16,575")
        assert value_of(desk) == Decimal("16575")
        open_page(page, f"portfolio/{PORTFOLIO}")
        send_price(desk, "IBM", "200.25")
        row = page.locator("tr", has=page.get_by_role("link", name="IBM", exact=True)).first
        expect(row).to_contain_text("20,025")
        row.get_by_role("button").click()
        expect(page.locator("dl.evidence")).to_contain_text("screen/IBM/")
        assert errors == []


def test_var_and_a_breach_change_while_the_page_is_open(browser: Browser, desk: Platform) -> None:
    def var() -> str:
        amount = desk.get(f"/portfolios/{PORTFOLIO}/var", confidence="0.99")["var"]["amount"]
        return shown(Decimal(amount))

    with signed_in(browser, desk) as (page, errors):
        before = eventually(
            lambda: overview_row(page, PORTFOLIO)["VaR 99"], lambda text: text not in ("", "—")
        )
        states_become(page, "OK")
        send_price(desk, "IBM", "400.00")
        states_become(page, "BREACH")
        eventually(
            lambda: overview_row(page, PORTFOLIO)["VaR 99"],
            lambda text: text not in (before, "—") and text == var(),
        )
        expect(page.locator("tr", has_text=QUIET_LIMIT).filter(has_text="BREACH")).to_be_visible()
        send_price(desk, "IBM", "190.00")
        states_become(page, "OK")
        line = row_of(page, PORTFOLIO).locator(".spark polyline")
        eventually(lambda: (line.get_attribute("points") or "").split(), lambda points: len(points) >= 2)
        assert errors == []


def test_what_nobody_calculates_any_more_looks_old_and_unknown(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, errors):
        row = row_of(page, PORTFOLIO)
        states_become(page, "OK")
        expect(row.locator(".aged")).to_have_count(0)
        with stopped(desk, "risk"):
            send_price(desk, "IBM", "191.00", later_s=120)
            expect(row.locator(".aged").first).to_have_attribute("title", re.compile("behind the value"))
            assert row.locator(".aged").count() == 3
            assert lights(page, PORTFOLIO) == {LIMIT: "BREACH", QUIET_LIMIT: "UNKNOWN"}
            expect(row.locator(".lights .unknown").first).to_have_text("?")
            value_is_shown(page, desk)
            assert "stale" not in (row.get_attribute("class") or "")
            page.evaluate(f"location.hash = '#/portfolio/{PORTFOLIO}'")
            expect(page.locator(".panel.var.aged")).to_be_visible()
            page.evaluate("location.hash = '#/overview'")
        expect(row.locator(".aged")).to_have_count(0)
        states_become(page, "OK")
        # What only risk can answer fails meanwhile, which the browser reports itself.
        assert [text for text in errors if "Failed to load resource" not in text] == []


def test_a_stage_that_stands_is_named_and_all_it_makes_looks_old(browser: Browser, desk: Platform) -> None:
    def stand_still(answer: Any) -> None:
        for group in answer["groups"]:
            if group["group"] == "valuation":
                group["lag_seconds"] = 41.0

    with signed_in(browser, desk) as (page, errors):
        expect(page.locator(".link.live")).to_be_visible()
        alter(page, r"/v1/pipeline$", stand_still)
        expect(page.locator(".banner.late")).to_contain_text("valuation is 41 s behind")
        expect(page.locator(".link.late")).to_contain_text("late")
        expect(row_of(page, PORTFOLIO)).to_have_class(re.compile("stale"))
        assert lights(page, PORTFOLIO) == {LIMIT: "BREACH", QUIET_LIMIT: "UNKNOWN"}
        open_page(page, "limits")
        row = page.locator("tr", has=page.get_by_role("button", name=re.compile(QUIET_LIMIT)))
        expect(row).to_contain_text("UNKNOWN")
        open_page(page, "pipeline")
        expect(
            page.locator("tr", has_text="valuation").filter(has_text="marketdata.ticks.v1")
        ).to_contain_text("41 s")
        page.unroute_all()
        expect(page.locator(".banner.late")).to_have_count(0)
        assert errors == []


def test_of_a_thousand_portfolios_all_are_listed_and_the_seen_ones_asked_for(
    browser: Browser, desk: Platform
) -> None:
    names = [f"BOOK-{number:04}" for number in range(1_200)]
    asked: Counter[str] = Counter()

    def listed(route: Route) -> None:
        """Pages of a thousand, as the gateway would cut them."""
        start = int(parse_qs(urlsplit(route.request.url).query).get("cursor", ["0"])[0])
        one = {"base_currency": "USD", "recorded_at": NOW.isoformat(), "parent_id": None}
        data = [{**one, "portfolio_id": name, "name": name} for name in names[start : start + 1_000]]
        route.fulfill(json={"data": data, "next_cursor": str(start + 1_000) if start == 0 else None})

    def profit(route: Route) -> None:
        asked[urlsplit(route.request.url).path.split("/")[3]] += 1
        route.fulfill(json={"parts": None, "message": "nothing is frozen", "time_weighted_return": None})

    with signed_in(browser, desk) as (page, errors):
        page.route(re.compile(r"/v1/portfolios\?"), listed)
        page.route(re.compile(r"/BOOK-\d+/pnl\?period=day"), profit)
        page.route(
            re.compile(r"/BOOK-\d+/(history|pnl\?period=mtd)"), lambda route: route.fulfill(json={"data": []})
        )
        page.reload()
        expect(page.locator("tr", has_text="BOOK-")).to_have_count(len(names))
        page.wait_for_timeout(3_000)  # handlers of routes run while the page is waited for
        assert names[0] in asked
        assert len(asked) < 100, "only rows on the screen, or nearly"
        assert set(asked.values()) == {1}, "one question for the profit and the return"
        row_of(page, names[-1]).scroll_into_view_if_needed()
        eventually(lambda: (page.wait_for_timeout(100), asked[names[-1]])[1], bool)
        assert errors == []


def test_it_says_that_the_gateway_is_gone_and_comes_back_by_itself(browser: Browser, desk: Platform) -> None:
    with signed_in(browser, desk) as (page, errors):
        expect(page.get_by_role("link", name=PORTFOLIO, exact=True)).to_be_visible()
        desk.kill("api-gateway")
        expect(page.get_by_role("alert")).to_contain_text("Disconnected")
        expect(page.locator(".link.live")).to_be_visible(timeout=2 * PATIENCE_MS)
        expect(page.get_by_role("alert")).to_have_count(0)
        send_price(desk, "AIG", "50.00")
        value_is_shown(page, desk)
        # The browser itself reports each request that met nobody; nothing else may have gone wrong.
        assert [text for text in errors if "Failed to load resource" not in text] == []


def test_a_bar_forms_and_a_corrected_one_shows_its_revision(browser: Browser, desk: Platform) -> None:
    def correct(answer: Any) -> None:
        first = answer["data"][0]
        window = {"window_start": "2013-09-03T14:25:00Z", "status": "final"}
        answer["data"] = [
            {**first, **window, "revision": number, "close": f"18{number}.25"} for number in (1, 2)
        ] + answer["data"]

    with signed_in(browser, desk) as (page, errors):
        alter(page, r"/bars\?revisions=all", correct)
        open_page(page, "market/IBM")
        bar = page.locator(".last-bar")
        expect(bar).to_contain_text("forming")
        send_price(desk, "IBM", "193.75")
        expect(bar).to_contain_text("C 193.75")
        expect(page.locator(".candles canvas").first).to_be_visible()
        corrected = page.locator(".revisions tr.corrected")
        expect(corrected).to_have_count(1)
        expect(corrected).to_contain_text("182.25")
        assert errors == []


def test_risk_is_split_and_the_fall_from_the_peak_is_drawn(browser: Browser, desk: Platform) -> None:
    def fall(answer: Any) -> None:
        answer["data"] = [
            {
                "as_of": f"2013-09-03T14:{minute}:00Z",
                "value": value,
                "revision": 1,
                "recorded_at": NOW.isoformat(),
            }
            for minute, value in ((10, "16000.00"), (15, "17000.00"), (20, "15300.00"))
        ]

    with signed_in(browser, desk) as (page, errors):
        alter(page, r"/history\?metric=market_value", fall)
        open_page(page, f"portfolio/{PORTFOLIO}")
        parts = page.locator(".components .bars tr")
        expect(parts).to_have_count(len(BOOK))
        told = desk.get(f"/portfolios/{PORTFOLIO}/components", measure="es", confidence="0.975")
        expect(page.locator(".components")).to_contain_text(f"total {shown(Decimal(told['total']))} USD")
        expect(page.locator(".drawdown canvas")).to_have_count(2)
        fall_plot = page.locator(".drawdown .plot").nth(1)

        def pointed_at() -> str:
            """What the legend says of the newest point."""
            fall_plot.locator(".u-over").hover(position={"x": 900, "y": 30})
            return fall_plot.locator(".u-legend").inner_text()

        eventually(pointed_at, lambda text: "−10.00 %" in text)
        assert errors == []


def test_the_link_that_up_prints_opens_it_once(browser: Browser, desk: Platform) -> None:
    printed = desk.run("up", "--feed", "none")
    link = re.search(r"dashboard \(once\)\s+(\S+)", printed)
    assert link, printed
    context = browser.new_context()
    page = context.new_page()
    page.goto(link.group(1))
    expect(page.locator(".link.live")).to_be_visible()
    expect(page.get_by_role("link", name=PORTFOLIO, exact=True)).to_be_visible()
    context.clear_cookies()
    answer = page.goto(link.group(1))
    assert answer is not None
    assert not page.context.cookies()
    context.close()


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
