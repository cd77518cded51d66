"""API keys, sign-in links and browser sessions over a real database."""

from dataclasses import replace

import httpx
import pytest

from api_gateway.app import protected

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


async def test_a_key_makes_none_that_may_more_than_itself(desk) -> None:
    """An administrator of MINE is one of MINE and what is below, not of everything."""
    made = await desk.key("MINE", scopes=("admin",))
    ann = desk.at_admin_port(**{"X-API-Key": made["key"]})

    async def make(*portfolios: str) -> httpx.Response:
        body = {"owner": "eve", "scopes": ["admin"], "portfolios": portfolios}
        return await ann.post("/v1/keys", json=body)

    for beyond in (["*"], ["YOURS"], ["MINE", "YOURS"], ["MINE", "*"], ["NOPE"]):
        answer = await make(*beyond)
        assert answer.status_code == 403, beyond
        assert "does not reach" in answer.json()["detail"]
    assert [(await make(*within)).status_code for within in (["MINE"], ["MINE-EU"])] == [201, 201]


async def test_an_administrator_of_some_sees_and_ends_keys_of_those_only(desk) -> None:
    theirs, above = await desk.key("YOURS"), await desk.key("*")
    made, below = await desk.key("MINE", scopes=("admin",)), await desk.key("MINE-EU")
    ann = desk.at_admin_port(**{"X-API-Key": made["key"]})
    listed = {one["prefix"] for one in (await ann.get("/v1/keys")).json()["data"]}
    assert {made["info"]["prefix"], below["info"]["prefix"]} <= listed
    assert not {theirs["info"]["prefix"], above["info"]["prefix"]} & listed
    for one, status in ((theirs, 404), (above, 404), (below, 200)):
        assert (await ann.delete(f"/v1/keys/{one['info']['prefix']}")).status_code == status
    assert (await desk.client(**{"X-API-Key": theirs["key"]}).get("/v1/session")).status_code == 200


async def test_with_a_key_ends_all_that_it_has_made(desk) -> None:
    """Who has stolen a key may have made others with it."""
    first = await desk.key("*", scopes=("admin",))

    async def make(by: str) -> dict[str, str]:
        body = {"owner": "eve", "scopes": ["admin"], "portfolios": ["*"]}
        return (await desk.at_admin_port(**{"X-API-Key": by}).post("/v1/keys", json=body)).json()

    second = await make(first["key"])
    third = await make(second["key"])
    browser = desk.client()
    await browser.get(
        (await desk.client(**{"X-API-Key": third["key"]}).post("/v1/signin-links")).json()["path"]
    )
    other = await desk.key("MINE")
    assert (await browser.get("/v1/session")).status_code == 200
    await desk.keys.delete(f"/v1/keys/{first['info']['prefix']}")
    for key, status in ((first, 401), (second, 401), (third, 401), (other, 200)):
        assert (await desk.client(**{"X-API-Key": key["key"]}).get("/v1/session")).status_code == status
    assert (await browser.get("/v1/session")).status_code == 401


async def test_sessions_of_the_platforms_key_end_when_its_file_changes(desk, monkeypatch) -> None:
    monkeypatch.setattr("api_gateway.security.file_key._LOOK_EVERY_S", -1.0)
    browser, made = await desk.browser(), await desk.key("MINE")
    link = (await desk.admin.post("/v1/signin-links")).json()["path"]
    desk.key_file.write_text("another-test-key-0123456789")
    await desk.security.keys._refresh()  # as the watch does every ten seconds
    assert (await browser.get("/v1/session")).status_code == 401
    assert (await desk.client().get(link)).status_code == 401, "nor does a link that it made let anybody in"
    assert (await desk.client(**{"X-API-Key": made["key"]}).get("/v1/session")).status_code == 200


async def test_keys_are_listed_in_pages(desk) -> None:
    for _ in range(3):
        await desk.key("MINE")
    whole = (await desk.keys.get("/v1/keys")).json()
    assert whole["next_cursor"] is None
    found, cursor = [], None
    while True:
        asked = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await desk.keys.get("/v1/keys", params=asked)).json()
        assert len(page["data"]) <= 2
        found += page["data"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == whole["data"]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "tl_%00%00%00%00%00%00%00%00%00%00%00%00_x",
        "tl_000000000000_short",
        "tl_" + "z" * 12 + "_" + "a" * 43,
    ],
)
async def test_a_token_that_no_link_can_have_is_refused_before_the_database(desk, token: str) -> None:
    desk.security.keys._store._pool = None  # whoever asks it fails
    assert (await desk.client().get(f"/signin?token={token}")).status_code in (401, 422)


async def test_strangers_at_the_sign_in_share_the_bucket_of_strangers(desk) -> None:
    desk.security.buckets._burst, desk.security.buckets._per_s = 5, 0.001
    found = [await desk.client().get("/signin?token=tl_000000000000_x") for _ in range(8)]
    assert [answer.status_code for answer in found] == [401] * 5 + [429] * 3
    assert found[-1].headers["retry-after"]


async def test_where_browsers_come_by_https_the_cookie_is_secure(desk) -> None:
    """TLS ends in front of the gateway, which sees http only."""
    app = protected(desk.gateway, replace(desk.security, https=True), 1000)
    link = (await desk.admin.post("/v1/signin-links")).json()["path"]
    answer = await replace(desk, app=app).client().get(link)
    assert "; Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in (await desk.client().get("/healthz")).headers
