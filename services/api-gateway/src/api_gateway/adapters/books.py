"""Publishes books to the positions topic, one after the other."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from api_gateway.adapters.kafka import BrokerSilent
from api_gateway.adapters.live import LiveReader
from api_gateway.core.book import BookChange
from chassis.logs import get_logger
from chassis.tracing import trace_headers
from contracts import topics
from contracts.codec import encode

READ_BACK_TIMEOUT_S = 10.0
log = get_logger("api_gateway.books")


class BookWriter:
    """Writes whole books.

    What a book replaces is known from the topic itself, so one write at a time, and none begins before our
    own reader has read the one before it back.
    """

    def __init__(self, producer: AIOKafkaProducer, reader: LiveReader) -> None:
        self._producer, self._reader = producer, reader
        self._unread: dict[TopicPartition, int] = {}
        self.turn = asyncio.Lock()

    async def settle(self) -> None:
        """Return when what was written is in the memory view. Raises BrokerSilent when it takes too long."""
        if not await self._is_read_back():
            raise BrokerSilent(
                "the book written before this one is not read back yet, so nothing was changed"
            )

    async def publish(self, change: BookChange) -> None:
        """Send the positions, then the tombstones; return when all are acknowledged.

        Until the view has them some seconds may pass, of which this waits for the first few.
        Raises: BrokerSilent; sending the same book again is harmless.
        """
        try:
            due = [await self._send(key, value) for key, value in _messages(change)]
            await self._acknowledged(due)
        except (KafkaError, TimeoutError) as error:
            log.warning("book_not_acknowledged", portfolio_id=change.portfolio_id, error=repr(error))
            told = "the broker did not acknowledge the whole book, a part of it may count"
            raise BrokerSilent(f"{told}; send the same book again") from error
        if not await self._is_read_back():
            # It counts all the same: it is on the topic, and whoever reads that will have it.
            log.warning("book_not_read_back", portfolio_id=change.portfolio_id)

    async def _send(self, key: bytes, value: bytes | None) -> "asyncio.Future[RecordMetadata]":
        return await self._producer.send(topics.POSITIONS.name, value=value, key=key, headers=trace_headers())

    async def _acknowledged(self, due: "Sequence[asyncio.Future[RecordMetadata]]") -> None:
        """Note what is on the topic, also when some of it is not. Raises the first refusal."""
        refused: BaseException | None = None
        for done in await asyncio.gather(*due, return_exceptions=True):
            if isinstance(done, BaseException):
                refused = refused or done
                continue
            place = TopicPartition(done.topic, done.partition)
            self._unread[place] = max(done.offset, self._unread.get(place, 0))
        if refused is not None:
            raise refused

    async def _is_read_back(self) -> bool:
        try:
            await asyncio.wait_for(self._reader.has_taken(self._unread), READ_BACK_TIMEOUT_S)
        except TimeoutError:
            return False
        self._unread = {}
        return True


def _messages(change: BookChange) -> list[tuple[bytes, bytes | None]]:
    held: list[tuple[bytes, bytes | None]] = [
        (topics.POSITIONS.key_of(position), encode(position)) for position in change.held
    ]
    return held + [(f"{change.portfolio_id}/{symbol}".encode(), None) for symbol in change.closed]
