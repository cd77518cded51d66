"""Booking trades: each request once, whatever happens in between."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from aiokafka.errors import KafkaTimeoutError

from api_gateway.adapters.trades import TradeWriter
from api_gateway.app import protected
from api_gateway.core.past import Moment
from api_gateway.core.trades import trade_id
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.bus import Headers
from chassis.clock import FixedClock
from chassis.health import Health
from contracts import Trade, topics
from contracts.codec import decoder
from testkit.builders import make_instrument, make_portfolio
from testkit.traces import tracing

KEY = "unit-test-key-0123456789"
PATH = "/v1/portfolios/P/trades"
BUY = {
    "symbol": "IBM",
    "quantity": "10",
    "price": "182.05",
    "currency": "USD",
    "executed_at": "2013-10-07T16:00:00+02:00",
}
SELL = {**BUY, "quantity": "-4", "fee": "1.25"}


class Bus:
    """A producer whose broker can be away: then what was sent may have arrived all the same."""

    def __init__(self) -> None:
        self.sent: list[Trade] = []
        self.headers: list[Headers | None] = []
        self.away = False

    async def send(
        self, topic: str, *, value: bytes, key: bytes, headers: Headers | None
    ) -> "asyncio.Future[None]":
        assert (topic, key) == (topics.TRADES.name, b"P")
        self.sent.append(decoder(Trade).decode(value))
        self.headers.append(headers)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.away:
            done.set_exception(KafkaTimeoutError())
        else:
            done.set_result(None)
        return done


class Stored:
    """The trades that valuation has stored."""

    def __init__(self) -> None:
        self.trades: dict[str, Trade] = {}

    async def trades_by_id(self, ids: Sequence[str]) -> dict[str, Trade]:
        return {one: self.trades[one] for one in ids if one in self.trades}

    async def newest_trades(self, portfolio_id: str, before: Any, limit: int, past: Moment) -> list[Trade]:
        def order(one: Trade) -> Any:
            return one.executed_at, one.seq, one.trade_id

        found = sorted(self.trades.values(), key=order, reverse=True)
        return [one for one in found if before is None or order(one) < before][:limit]


class Desk:
    """The application on a bus and a store; `restart` forgets what is in memory only."""

    def __init__(self, key_file: Path) -> None:
        self.bus, self.stored, self._key_file = Bus(), Stored(), key_file
        self.restart()

    def restart(self) -> None:
        view, nothing = View(), cast(Any, None)
        view.put_portfolio(make_portfolio("P"))
        view.put_instrument(make_instrument("IBM"))
        stored = cast(Any, self.stored)
        writer = TradeWriter(cast(Any, self.bus), stored)
        gateway = Gateway(view, Health(), FixedClock(), stored, nothing, nothing, nothing, writer)
        transport = httpx.ASGITransport(app=protected(gateway, Security(KeyFile(self._key_file)), 1 << 20))
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY}
        )

    async def post(self, body: object, key: str | None = "k1", path: str = PATH) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self._client.post(path, json=body, headers=headers)

    async def get(self, **parameters: Any) -> httpx.Response:
        return await self._client.get(PATH, params=parameters)

    def store(self) -> None:
        """What valuation does with the topic: the first trade of an id counts."""
        for trade in self.bus.sent:
            self.stored.trades.setdefault(trade.trade_id, trade)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    return Desk(key_file)


async def test_a_trade_is_sent_and_answered_with_its_id(desk: Desk) -> None:
    answer = await desk.post(BUY)
    assert answer.status_code == 201
    (trade,) = answer.json()["data"]
    assert trade["trade_id"] == trade_id("P", "k1", 0) == desk.bus.sent[0].trade_id
    assert (trade["executed_at"], trade["quantity"], trade["seq"]) == ("2013-10-07T14:00:00Z", "10", 0)


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_same_request_again_books_nothing_and_answers_the_same(desk: Desk, restarted: bool) -> None:
    first = await desk.post([BUY, SELL])
    if restarted:
        desk.store()
        desk.restart()
    second = await desk.post([BUY, {**SELL, "fee": "1.250"}])
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert len(desk.bus.sent) == 2


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("other", [[BUY], [SELL, BUY], [BUY, {**SELL, "price": "182.06"}]])
async def test_the_key_of_other_trades_is_refused(desk: Desk, restarted: bool, other: object) -> None:
    await desk.post([BUY, SELL])
    if restarted:
        desk.store()
        desk.restart()
    answer = await desk.post(other)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:tapeline:idempotency-key-reused"
    assert len(desk.bus.sent) == 2


async def test_another_key_or_portfolio_is_another_trade(desk: Desk) -> None:
    await desk.post(BUY, key="k1")
    assert (await desk.post(BUY, key="k2")).status_code == 201
    assert len({trade.trade_id for trade in desk.bus.sent}) == 2
    assert trade_id("P", "k1", 0) != trade_id("Q", "k1", 0)


async def test_after_a_lost_acknowledgement_the_request_may_be_sent_again(desk: Desk) -> None:
    desk.bus.away = True
    assert (await desk.post([BUY, SELL])).status_code == 503
    desk.bus.away = False
    assert (await desk.post([SELL, BUY])).status_code == 422
    assert (await desk.post([BUY, SELL])).status_code == 201
    desk.store()
    assert len(desk.stored.trades) == 2


async def test_what_was_booked_in_part_is_completed(desk: Desk) -> None:
    await desk.post([BUY, SELL])
    desk.store()
    del desk.stored.trades[trade_id("P", "k1", 1)]
    desk.restart()
    assert (await desk.post([BUY, SELL])).status_code == 201
    desk.store()
    assert len(desk.stored.trades) == 2


async def test_two_at_once_book_once(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.post(BUY) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len(desk.bus.sent) == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"symbol": "XYZ"}, "body.symbol"),
        ({"currency": "EUR"}, "body.currency"),
        ({"quantity": "0"}, "body.quantity"),
        ({"price": "0"}, "body.trade.price"),
        ({"price": "NaN"}, "body.trade.price"),
        ({"fee": "-1"}, "body.trade.fee"),
        ({"executed_at": "2013-10-07T14:00:00"}, "body.trade.executed_at"),
        ({"side": "buy"}, "body.trade.side"),
    ],
)
async def test_a_wrong_trade_is_refused_and_says_where(
    desk: Desk, change: dict[str, str], pointer: str
) -> None:
    answer = await desk.post({**BUY, **change})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert desk.bus.sent == []


async def test_key_and_portfolio_are_required(desk: Desk) -> None:
    assert (await desk.post(BUY, key=None)).status_code == 422
    assert (await desk.post(BUY, path="/v1/portfolios/NOPE/trades")).status_code == 404
    assert (await desk.post([])).status_code == 422


async def test_trades_are_listed_newest_first_in_pages(desk: Desk) -> None:
    await desk.post([BUY, SELL, {**BUY, "executed_at": "2013-10-07T13:00:00Z"}])
    desk.store()
    first = (await desk.get(limit=2)).json()
    second = (await desk.get(limit=2, cursor=first["next_cursor"])).json()
    assert [one["quantity"] for one in first["data"] + second["data"]] == ["-4", "10", "10"]
    assert second["next_cursor"] is None
    assert (await desk.get(cursor="bm9wZQ")).status_code == 422


async def test_a_booked_trade_leads_back_to_its_request(desk: Desk) -> None:
    await desk.post(BUY, key="untraced")
    with tracing() as traced:
        desk.restart()  # the layers of a gateway are decided at its start
        answer = await desk.post(BUY, key="traced")
        traced.finished()
    without, headers = desk.bus.headers
    assert without is None
    assert headers is not None
    [(name, value)] = headers
    assert (name, value.decode().split("-")[1]) == ("traceparent", answer.headers["x-trace-id"])
