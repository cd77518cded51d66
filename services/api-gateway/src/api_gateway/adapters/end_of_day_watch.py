"""How fresh the end of day is, and whether one of its steps has failed, as gauges."""

import asyncio

import asyncpg

from chassis import metrics
from chassis.logs import get_logger
from endofday.core.chain import CHAIN_STEPS
from store.database import CONNECTION_LOST

EVERY_S = 30.0
ENDED = """
SELECT step, extract(epoch FROM max(ended_at))::float8 AS ended_s
  FROM ops.run_latest WHERE state = 'done' GROUP BY step
"""
FAILED = """
SELECT count(*) FROM (
    SELECT DISTINCT ON (step) state FROM ops.run_latest
     WHERE date = (SELECT max(date) FROM ops.run WHERE step = ANY ($1)) AND step = ANY ($1)
     ORDER BY step, attempt DESC) AS newest
 WHERE state = 'failed'
"""
log = get_logger("api_gateway.end_of_day")


async def measure(pool: asyncpg.Pool) -> None:
    """Set the gauges to what is stored."""
    for row in await pool.fetch(ENDED):
        metrics.EOD_STEP_ENDED_SECONDS.labels(step=row["step"]).set(row["ended_s"])
    metrics.EOD_STEPS_FAILED.set(await pool.fetchval(FAILED, CHAIN_STEPS))


async def watch_end_of_day(pool: asyncpg.Pool) -> None:
    """Keep the gauges at what is stored; never returns. A lost database leaves them as they were."""
    while True:
        try:
            await measure(pool)
        except CONNECTION_LOST as error:
            log.info("end_of_day_not_read", error=repr(error))
        await asyncio.sleep(EVERY_S)
