"""Publishes books to the positions topic."""

from aiokafka import AIOKafkaProducer

from api_gateway.core.book import BookChange
from contracts import topics
from contracts.codec import encode


async def publish(producer: AIOKafkaProducer, change: BookChange) -> None:
    """Send the positions, then the tombstones, and wait until every one is acknowledged.

    Raises: aiokafka.errors.KafkaError when one was not; sending the same book again is harmless.
    """
    topic = topics.POSITIONS
    sent = [
        await producer.send(topic.name, value=encode(position), key=topic.key_of(position))
        for position in change.held
    ]
    sent += [
        await producer.send(topic.name, value=None, key=f"{change.portfolio_id}/{symbol}".encode())
        for symbol in change.closed
    ]
    for acknowledgement in sent:
        await acknowledgement
