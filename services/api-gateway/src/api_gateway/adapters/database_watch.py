"""Whether the database answers, and the official values it holds at start."""

import asyncio

from api_gateway.adapters.repository import Repository
from api_gateway.core.view import View
from chassis.health import Health
from chassis.logs import get_logger

EVERY_S = 2.0
PATIENCE_S = 5.0
log = get_logger("api_gateway.database")


async def watch_database(repository: Repository, view: View, health: Health) -> None:
    """Take the official values in once, then tell whether the database answers."""
    taken = False
    while True:
        try:
            if not taken:
                for valuation in await repository.past.newest_valuations():
                    view.put_valuation(valuation)
                taken = True
            await asyncio.wait_for(repository.ping(), PATIENCE_S)
            health.ready("postgres")
        except Exception as error:
            why = str(error) or type(error).__name__
            if health.missing().get("postgres") != why:
                log.warning("database_not_ready", error=why)
            health.not_ready("postgres", why)
        health.beat()
        await asyncio.sleep(EVERY_S)
