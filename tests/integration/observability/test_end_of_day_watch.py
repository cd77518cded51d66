"""The gauges of the end of day, read from the real table."""

import asyncpg
import pytest
from prometheus_client import REGISTRY

from api_gateway.adapters.end_of_day_watch import measure

pytestmark = pytest.mark.integration
RUNS = """
INSERT INTO ops.run (date, step, attempt, revision, state, started_at, ended_at, details)
VALUES ('2013-10-04', 'pnl', 1, 1, 'done', '2013-10-05', '2013-10-05', '{}'),
       ('2013-10-07', 'pnl', 1, 1, 'failed', '2013-10-08', '2013-10-08', '{}'),
       ('2013-10-07', 'pnl', 2, 1, 'done', '2013-10-09', '2013-10-09', '{}'),
       ('2013-10-07', 'risk', 1, 1, 'failed', '2013-10-09', '2013-10-09', '{}'),
       ('2013-10-07', 'intraday.update-bars', 1, 1, 'failed', '2013-10-08', '2013-10-08', '{}'),
       ('2013-10-08', 'end_of_day.deadline', 1, 1, 'failed', '2013-10-09', '2013-10-09', '{}'),
       ('2013-10-08', 'intraday.deadline', 1, 1, 'failed', '2013-10-09', '2013-10-09', '{}')
"""


async def test_a_step_counts_by_its_last_attempt(postgres: str) -> None:
    async with asyncpg.create_pool(
        postgres, min_size=1, max_size=1, server_settings={"timezone": "UTC"}
    ) as pool:
        await pool.execute(RUNS)
        await measure(pool)
    assert REGISTRY.get_sample_value("tapeline_eod_step_ended_seconds", {"step": "pnl"}) == 1381276800.0
    assert REGISTRY.get_sample_value("tapeline_eod_step_ended_seconds", {"step": "risk"}) is None
    assert REGISTRY.get_sample_value("tapeline_eod_steps_failed") == 1
