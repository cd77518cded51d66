"""Trades over REST: on the topic once, also across a restart; listed from the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import httpx
import pytest
from msgspec import Struct

from chassis.table import read_table
from contracts import Trade, topics
from contracts.codec import decoder
from testkit.builders import make_instrument, make_portfolio, moment
from testkit.waiting import eventually

pytestmark = pytest.mark.integration

PATH = "/v1/portfolios/TRADING/trades"
BUY = {
    "symbol": "IBM",
    "quantity": "10",
    "price": "182.05",
    "currency": "USD",
    "executed_at": "2013-10-07T14:00:00Z",
    "fee": "1.25",
}
SELL = {**BUY, "quantity": "-4.5"}
STORE = """
INSERT INTO ops.fill (fill_id, portfolio_id, symbol, executed_at, seq, quantity, price, currency, fee,
                      revision, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s)
"""


class Gateway(Protocol):
    """What these tests use of the fixture."""

    kafka: str
    client: httpx.Client

    def get(self, path: str, **parameters: str) -> Any: ...
    def refused(self, answer: httpx.Response) -> dict[str, Any]: ...
    def publish(self, *messages: Struct) -> None: ...
    def store(self, sql: str, *rows: tuple[object, ...]) -> None: ...
    def close(self) -> int: ...


def post(gateway: Gateway, body: object, key: str) -> httpx.Response:
    return gateway.client.post(PATH, json=body, headers={"Idempotency-Key": key})


def on_topic(gateway: Gateway) -> list[Trade]:
    decode = decoder(Trade).decode
    return [decode(record.value or b"") for record in read_table(gateway.kafka, topics.TRADES.name)]


def row(trade: Trade) -> tuple[object, ...]:
    return (
        trade.trade_id,
        trade.portfolio_id,
        trade.symbol,
        trade.executed_at,
        trade.seq,
        trade.quantity,
        trade.price,
        trade.currency,
        trade.fee,
        trade.recorded_at,
    )


def test_a_request_is_booked_once_across_a_restart(start_gateway: Callable[[], Gateway]) -> None:
    gateway = start_gateway()
    gateway.publish(make_portfolio("TRADING"), make_instrument("IBM"))
    eventually(lambda: gateway.client.get("/v1/portfolios/TRADING").status_code, lambda code: code == 200)
    eventually(lambda: post(gateway, {**BUY, "price": "0"}, "warm").status_code, lambda code: code == 422)
    first = post(gateway, [BUY, SELL], "order-7")
    assert first.status_code == 201, first.text
    booked = on_topic(gateway)
    assert [one["trade_id"] for one in first.json()["data"]] == [one.trade_id for one in booked]
    gateway.store(STORE, *(row(one) for one in booked))  # as valuation does
    gateway.close()

    again = start_gateway()
    eventually(lambda: again.client.get("/v1/instruments/IBM").status_code, lambda code: code == 200)
    second = post(again, [BUY, SELL], "order-7")
    assert (second.status_code, second.json()) == (200, first.json())
    assert again.refused(post(again, [SELL, BUY], "order-7"))["status"] == 422
    assert again.refused(post(again, [BUY], "order-7"))["status"] == 422
    assert len(on_topic(again)) == 2


def test_trades_are_listed_newest_first_in_pages(start_gateway: Callable[[], Gateway]) -> None:
    gateway = start_gateway()
    gateway.publish(make_portfolio("LISTED"))
    eventually(lambda: gateway.client.get("/v1/portfolios/LISTED").status_code, lambda code: code == 200)
    at = moment("14:00")
    moments = [at, at, at + timedelta(microseconds=1), at - timedelta(days=1)]
    gateway.store(
        STORE,
        *(
            (f"L{n}", "LISTED", "IBM", when, seq, n + 1, "182.05", "USD", "0", at)
            for n, (when, seq) in enumerate(zip(moments, (1, 2, 0, 9), strict=True))
        ),
    )
    pages: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = gateway.get("/portfolios/LISTED/trades", limit="1", **cursor)
        pages += [one["trade_id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert pages == ["L2", "L1", "L0", "L3"]

    # A book that does not name what was only traded closes it.
    book = {"as_of": "2013-10-08", "positions": []}
    answer = gateway.client.put("/v1/portfolios/LISTED/positions", json=book)
    assert (answer.status_code, answer.json()["closed"]) == (202, ["IBM"])
    closed = [one for one in read_table(gateway.kafka, topics.POSITIONS.name) if one.key == b"LISTED/IBM"]
    assert [one.value for one in closed] == [None]
