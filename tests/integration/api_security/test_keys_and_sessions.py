"""API keys, sign-in links and browser sessions over a real database."""

import httpx
import pytest

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
LIMIT = {"portfolio_id": "MINE", "measure": "gross", "hard_level": 10.0}

pytestmark = pytest.mark.integration


def cookies_of(browser: httpx.AsyncClient) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


async def test_a_key_is_shown_once_and_only_its_hash_is_stored(desk) -> None:
    made = await desk.key("MINE")
    listed = (await desk.keys.get("/v1/keys")).json()["data"]
    assert made["info"] in listed
    secret = made["key"].split("_", 2)[2]
    rows = await desk.owner("SELECT api_key::text FROM ops.api_key")
    assert made["info"]["prefix"] in str(rows)
    assert secret not in f"{rows} {listed}"


async def test_a_revoked_key_is_refused_at_once(desk) -> None:
    made = await desk.key("MINE")
    ann = desk.client(**{"X-API-Key": made["key"]})
    assert (await ann.get("/v1/portfolios/MINE/value")).status_code == 200
    revoked = await desk.keys.delete(f"/v1/keys/{made['info']['prefix']}")
    assert revoked.json()["revoked_at"]
    assert (await ann.get("/v1/portfolios/MINE/value")).status_code == 401
    assert (await desk.keys.delete("/v1/keys/000000000000")).status_code == 404


async def test_a_key_revoked_elsewhere_is_refused_at_the_next_look(desk) -> None:
    made = await desk.key("MINE")
    ann = desk.client(Authorization=f"Bearer {made['key']}")
    assert (await ann.get("/v1/session")).json()["portfolios"] == ["MINE"]
    await desk.owner("UPDATE ops.api_key SET expires_at = now() WHERE prefix = $1", made["info"]["prefix"])
    await desk.key("MINE")  # reads the keys again, as the watch does every ten seconds
    assert (await ann.get("/v1/session")).status_code == 401


async def test_a_link_signs_a_browser_in_once(desk) -> None:
    link = (await desk.admin.post("/v1/signin-links")).json()["path"]
    browser = desk.client()
    first, second = await browser.get(link), await desk.client().get(link)
    assert (first.status_code, first.headers["location"], second.status_code) == (303, "/", 401)
    (cookie,) = first.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"} <= {
        one.strip() for one in cookie.split(";")
    }
    session = (await browser.get("/v1/session")).json()
    assert (session["name"], session["kind"], session["portfolios"]) == ("platform", "session", ["*"])
    assert (await browser.get("/signin?token=tl_000000000000_x")).status_code == 401
    assert link.partition("token=")[2] not in str(await desk.owner("SELECT api_key::text FROM ops.api_key"))


async def test_a_link_is_too_old_after_ten_minutes(desk) -> None:
    link = (await desk.admin.post("/v1/signin-links")).json()["path"]
    await desk.owner(
        "UPDATE ops.api_key SET expires_at = expires_at - interval '10 minutes' WHERE kind = 'link'"
    )
    assert (await desk.client().get(link)).status_code == 401


async def test_a_session_changes_things_only_from_our_own_pages(desk) -> None:
    browser = await desk.browser()

    async def put(**headers: str) -> int:
        return (await browser.put("/v1/limits/csrf", json=LIMIT, headers=headers)).status_code

    assert await put(**OWN_PAGE) == 200
    assert await put(Origin="http://gateway") == 200
    assert await put() == 403
    assert await put(Origin="http://evil.example") == 403
    assert await put(**{"Sec-Fetch-Site": "same-site", "Origin": "http://gateway"}) == 403
    wanted = {"owner": "eve", "scopes": ["read"], "portfolios": ["*"]}
    same = desk.at_admin_port(Cookie=cookies_of(browser))
    assert (await same.post("/v1/keys", json=wanted, headers=OWN_PAGE)).status_code == 403
    assert (await browser.post("/v1/signin-links", headers=OWN_PAGE)).status_code == 403


async def test_signing_out_ends_the_session(desk) -> None:
    browser = await desk.browser()
    kept = desk.client(Cookie=cookies_of(browser))
    assert (await kept.get("/v1/portfolios")).status_code == 200
    assert (await browser.delete("/v1/session", headers=OWN_PAGE)).status_code == 204
    assert not browser.cookies
    assert (await kept.get("/v1/portfolios")).status_code == 401
    assert (await desk.admin.delete("/v1/session")).status_code == 409


async def test_a_session_ends_with_the_key_that_opened_it(desk) -> None:
    made = await desk.key("YOURS")
    ann, browser = desk.client(**{"X-API-Key": made["key"]}), desk.client()
    await browser.get((await ann.post("/v1/signin-links")).json()["path"])
    listed = (await browser.get("/v1/portfolios")).json()["data"]
    assert [one["portfolio_id"] for one in listed] == ["YOURS"]
    await desk.keys.delete(f"/v1/keys/{made['info']['prefix']}")
    assert (await browser.get("/v1/portfolios")).status_code == 401


async def test_a_cookie_is_no_key_and_a_key_no_cookie(desk) -> None:
    browser = await desk.browser()
    ((name, session),) = browser.cookies.items()
    assert (await desk.client(**{"X-API-Key": session}).get("/v1/portfolios")).status_code == 401
    key = (await desk.key("MINE"))["key"]
    assert (await desk.client(Cookie=f"{name}={key}").get("/v1/portfolios")).status_code == 401


async def test_a_key_that_may_do_everything_makes_none_at_the_main_port(desk) -> None:
    made = await desk.key("*", scopes=("admin",))
    header, wanted = {"X-API-Key": made["key"]}, {"owner": "eve", "scopes": ["read"], "portfolios": ["*"]}
    prefix, asked = made["info"]["prefix"], [("POST", wanted), ("GET", None)]
    before = (await desk.keys.get("/v1/keys")).json()
    for method, body in asked:
        refused = await desk.client(**header).request(method, "/v1/keys", json=body)
        assert (refused.status_code, "administrative port only" in refused.text) == (404, True)
    assert (await desk.client(**header).delete(f"/v1/keys/{prefix}")).status_code == 404
    assert (await desk.keys.get("/v1/keys")).json() == before
    there = desk.at_admin_port(**header)
    assert [(await there.request(method, "/v1/keys", json=body)).status_code for method, body in asked] == [
        201,
        200,
    ]
    assert (await there.delete(f"/v1/keys/{prefix}")).json()["prefix"] == prefix
