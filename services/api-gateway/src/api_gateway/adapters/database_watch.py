"""Whether the database answers, and what it holds at start: official values, and the states of limits."""

import asyncio

from api_gateway.adapters.repository import Repository
from api_gateway.core.past import NOW
from api_gateway.core.view import View
from chassis.health import Health
from chassis.logs import get_logger

EVERY_S = 2.0
PATIENCE_S = 5.0
log = get_logger("api_gateway.database")


async def watch_database(repository: Repository, view: View, health: Health) -> None:
    """Take in once what is stored, then tell whether the database answers.

    The states of limits are on their topic as well, but for 30 days only: a breach that is open longer would
    be gone after a restart.
    """
    taken = False
    while True:
        try:
            if not taken:
                for valuation in await repository.past.newest_valuations():
                    view.put_valuation(valuation)
                for event in (await repository.limits.states(NOW)).values():
                    view.put_limit_event(event)
                taken = True
            async with asyncio.timeout(PATIENCE_S):  # `wait_for` may swallow being cancelled
                await repository.ping()
            health.ready("postgres")
        except Exception as error:
            why = str(error) or type(error).__name__
            if health.missing().get("postgres") != why:
                log.warning("database_not_ready", error=why)
            health.not_ready("postgres", why)
        health.beat()
        await asyncio.sleep(EVERY_S)
