"""How far the two calculations of the newest end of day lie apart, as a gauge."""

import asyncio

import asyncpg

from chassis import metrics
from chassis.logs import get_logger
from store.database import CONNECTION_LOST

EVERY_S = 30.0
NEWEST = """
SELECT regexp_replace(measure, '_[0-9]+$', '') AS measure,
       max(abs(divergence) / greatest(1, abs(primary_value))) AS ratio
  FROM ops.challenge_latest
 WHERE date = (SELECT max(date) FROM ops.challenge) AND divergence IS NOT NULL
 GROUP BY 1
"""
log = get_logger("api_gateway.challenger")


async def divergence_ratios(pool: asyncpg.Pool) -> dict[str, float]:
    """Largest divergence of any portfolio per measure, as a share of the stored number; newest date."""
    return {row["measure"]: row["ratio"] for row in await pool.fetch(NEWEST)}


async def watch_challenger(pool: asyncpg.Pool) -> None:
    """Keep the gauge at what is stored; never returns.

    A database that is lost, locked or being migrated leaves it as it was: nothing that answers hangs on it.
    """
    while True:
        try:
            for measure, ratio in (await divergence_ratios(pool)).items():
                metrics.CHALLENGER_DIVERGENCE_RATIO.labels(measure=measure).set(ratio)
        except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
            log.warning("challenger_not_read", error=repr(error))
        await asyncio.sleep(EVERY_S)
