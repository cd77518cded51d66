"""Books trades: each request once, however often it is sent."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from api_gateway.adapters.repository import Repository
from api_gateway.core.trades import KeyReused, booked_before, trade_id
from chassis.tracing import trace_headers
from contracts import Trade, topics
from contracts.codec import encode

REMEMBERED = 10_000
"""Requests kept in memory: until valuation has stored the trades, nobody else can tell a key is used."""


class TradeWriter:
    """Publishes trades to their topic.

    Trade ids follow from the key, so a repeat is ignored by whoever reads the topic, also when it is sent
    twice. What a key stood for is known from memory and from ops.fill.
    """

    def __init__(self, producer: AIOKafkaProducer, repository: Repository) -> None:
        self._producer, self._repository = producer, repository
        self._turn = asyncio.Lock()
        self._asked: OrderedDict[tuple[str, str], tuple[Trade, ...]] = OrderedDict()
        self._acknowledged: set[tuple[str, str]] = set()

    async def book(self, portfolio_id: str, key: str, wanted: tuple[Trade, ...]) -> tuple[Trade, ...] | None:
        """Send the trades and wait until the broker has them; None when they are new.

        A repeat gives the trades as they were booked. Raises KeyReused, and aiokafka.errors.KafkaError or
        TimeoutError, after which the same request may be sent again.
        """
        async with self._turn:
            name = (portfolio_id, key)
            before = await self._before(name, wanted)
            if before:
                return before
            self._remember(name, wanted)
            await self._send(wanted)
            self._acknowledged.add(name)
            return None

    async def _before(self, name: tuple[str, str], wanted: tuple[Trade, ...]) -> tuple[Trade, ...]:
        asked = self._asked.get(name)
        beyond = trade_id(*name, len(wanted))
        if asked is not None:
            if len(asked) != len(wanted):
                raise KeyReused(f"the key was used for {len(asked)} trades, not {len(wanted)}")
            same = booked_before(wanted, {one.trade_id: one for one in asked}, beyond)
            if name in self._acknowledged:
                return same
        ids = [*(one.trade_id for one in wanted), beyond]
        return booked_before(wanted, await self._repository.trades_by_id(ids), beyond)

    def _remember(self, name: tuple[str, str], wanted: tuple[Trade, ...]) -> None:
        self._asked[name] = wanted
        while len(self._asked) > REMEMBERED:
            oldest, _ = self._asked.popitem(last=False)
            self._acknowledged.discard(oldest)

    async def _send(self, trades: Sequence[Trade]) -> None:
        topic, headers = topics.TRADES, trace_headers()
        due = [
            await self._producer.send(
                topic.name, value=encode(trade), key=topic.key_of(trade), headers=headers
            )
            for trade in trades
        ]
        for acknowledgement in due:
            await acknowledgement
