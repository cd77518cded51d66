"""What the gateway says when the broker is silent, and what it does about a book it could not read back."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError

from api_gateway.adapters import books
from api_gateway.adapters.books import BookWriter
from api_gateway.adapters.kafka import BrokerSilent
from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contracts import topics
from testkit.builders import make_instrument, make_portfolio

KEY = "unit-test-key-0123456789"
PATH = "/v1/portfolios/P/positions"
BOOK = {
    "as_of": "2013-10-07T13:30:00Z",
    "positions": [{"symbol": "IBM", "quantity": "10", "average_cost": "180", "currency": "USD"}],
}


class Bus:
    """A producer; `fails` is what the acknowledgement says instead of an offset."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, bytes | None]] = []
        self.fails: Exception | None = None

    async def send(self, topic: str, *, value: bytes | None, key: bytes, headers: Any) -> Any:
        self.sent.append((key, value))
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.fails is None:
            done.set_result(SimpleNamespace(topic=topic, partition=0, offset=len(self.sent) - 1))
        else:
            done.set_exception(self.fails)
        return done


class Reader:
    """Our own reader of the topic; `behind` it does not come to what was written."""

    def __init__(self) -> None:
        self.behind = False
        self.asked: list[dict[TopicPartition, int]] = []

    async def has_taken(self, offsets: dict[TopicPartition, int]) -> None:
        if offsets:
            self.asked.append(dict(offsets))
        if self.behind and offsets:
            await asyncio.Event().wait()


class Desk:
    """The application on a bus, a reader and a progress that may all be silent."""

    def __init__(self, key_file: Path) -> None:
        self.bus, self.reader, view = Bus(), Reader(), View()
        view.put_portfolio(make_portfolio("P"))
        view.put_instrument(make_instrument("IBM"))
        nothing = cast(Any, None)
        self.progress = SimpleNamespace(offsets=self._silent)
        repository = SimpleNamespace(traded_symbols=self._none)
        gateway = Gateway(
            view,
            Health(),
            FixedClock(),
            cast(Any, repository),
            cast(Any, self.progress),
            BookWriter(cast(Any, self.bus), cast(Any, self.reader)),
            nothing,
            nothing,
        )
        transport = httpx.ASGITransport(app=protected(gateway, Security(KeyFile(key_file)), 1 << 20))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://g", headers={"X-API-Key": KEY})

    async def _silent(self) -> Any:
        raise BrokerSilent("the broker does not answer")

    async def _none(self, portfolio_id: str) -> list[str]:
        return []


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(books, "READ_BACK_TIMEOUT_S", 0.05)
    (tmp_path / "key").write_text(KEY)
    return Desk(tmp_path / "key")


async def test_the_pipeline_of_a_silent_broker_is_unavailable(desk: Desk) -> None:
    answer = await desk.client.get("/v1/pipeline")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "broker" in answer.json()["detail"]


@pytest.mark.parametrize("error", [KafkaTimeoutError(), KafkaConnectionError("gone"), TimeoutError()])
async def test_a_book_that_was_not_acknowledged_may_be_sent_again(desk: Desk, error: Exception) -> None:
    desk.bus.fails = error
    answer = await desk.client.put(PATH, json=BOOK)
    assert answer.status_code == 503
    assert "send the same book again" in answer.json()["detail"]
    desk.bus.fails = None
    assert (await desk.client.put(PATH, json=BOOK)).status_code == 202


async def test_a_book_that_was_written_is_accepted_also_when_it_is_not_read_back_in_time(desk: Desk) -> None:
    desk.reader.behind = True
    answer = await desk.client.put(PATH, json=BOOK)
    assert answer.status_code == 202, answer.text
    assert answer.json()["held"] == ["IBM"]


async def test_the_next_book_waits_for_the_one_before(desk: Desk) -> None:
    """What it replaces is known only when that has been read back."""
    desk.reader.behind = True
    await desk.client.put(PATH, json=BOOK)
    refused = await desk.client.put(PATH, json=BOOK)
    assert refused.status_code == 503
    assert "nothing was changed" in refused.json()["detail"]
    assert len(desk.bus.sent) == 1
    desk.reader.behind = False
    assert (await desk.client.put(PATH, json=BOOK)).status_code == 202
    assert desk.reader.asked[-2:] == [{PLACE: 0}, {PLACE: 1}]


PLACE = TopicPartition(topics.POSITIONS.name, 0)
