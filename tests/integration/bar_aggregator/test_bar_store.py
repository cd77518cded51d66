"""Final bars in PostgreSQL are written by the newest job alone."""

from contextlib import suppress
from datetime import timedelta

import asyncpg
import psycopg
import pytest

from bar_aggregator.adapters.bar_store import BarStore
from store.fence import Fenced
from testkit.builders import DAY

pytestmark = pytest.mark.integration
KILL_HOLDER = "SELECT pg_terminate_backend(pid, 9000) FROM pg_locks WHERE locktype = 'advisory' AND granted"
ROW = {
    "symbol": "AAA",
    "window_start": DAY,
    "revision": 1,
    "window_end": DAY + timedelta(minutes=5),
    "status": "final",
    "evidence": {},
    "trade_date": DAY.date(),
    "open": 1,
    "high": 1,
    "low": 1,
    "close": 1,
    "volume": 1,
    "trades": 1,
    "currency": "USD",
    "first_tick_id": "a",
    "last_tick_id": "a",
    "as_of": DAY,
    "recorded_at": DAY,
}


def test_a_job_that_lost_its_lock_while_it_was_paused_stores_nothing(fresh_postgres: str) -> None:
    zombie, owner = BarStore(fresh_postgres), BarStore(fresh_postgres)
    try:
        lock = zombie.job_lock()
        lock.__enter__()
        with psycopg.connect(fresh_postgres, autocommit=True) as conn:
            conn.execute(KILL_HOLDER)
        with owner.job_lock():
            owner.save([ROW], [])
            with pytest.raises(Fenced, match="another process took over"):
                zombie.save([{**ROW, "revision": 2}], [])
            owner.save([{**ROW, "symbol": "BBB"}], [])
        with psycopg.connect(fresh_postgres) as conn:
            stored = conn.execute("SELECT symbol, revision FROM ops.price_bar ORDER BY 1, 2").fetchall()
        assert stored == [("AAA", 1), ("BBB", 1)]
        with suppress(asyncpg.PostgresConnectionError):  # giving back what is gone may say so
            lock.__exit__(None, None, None)
    finally:
        zombie.close()
        owner.close()
