"""Publishes books to the positions topic, one after the other."""

import asyncio

from aiokafka import AIOKafkaProducer, TopicPartition

from api_gateway.adapters.live import LiveReader
from api_gateway.core.book import BookChange
from chassis.tracing import trace_headers
from contracts import topics
from contracts.codec import encode

READ_BACK_TIMEOUT_S = 10.0


class BookWriter:
    """Writes whole books.

    What a book replaces is known from the topic itself, so one write at a time, and a write is over when our
    own reader has read it back: the next one then sees it.
    """

    def __init__(self, producer: AIOKafkaProducer, reader: LiveReader) -> None:
        self._producer, self._reader = producer, reader
        self.turn = asyncio.Lock()

    async def publish(self, change: BookChange) -> None:
        """Send the positions, then the tombstones; return when all are acknowledged and read back.

        Raises: aiokafka.errors.KafkaError or TimeoutError; sending the same book again is harmless.
        """
        topic = topics.POSITIONS
        messages: list[tuple[bytes, bytes | None]] = [
            (topic.key_of(position), encode(position)) for position in change.held
        ]
        messages += [(f"{change.portfolio_id}/{symbol}".encode(), None) for symbol in change.closed]
        headers = trace_headers()
        due = [
            await self._producer.send(topic.name, value=value, key=key, headers=headers)
            for key, value in messages
        ]
        written: dict[TopicPartition, int] = {}
        for acknowledgement in due:
            done = await acknowledgement
            written[TopicPartition(done.topic, done.partition)] = done.offset
        await asyncio.wait_for(self._reader.has_taken(written), READ_BACK_TIMEOUT_S)
