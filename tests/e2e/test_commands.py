"""The two commands as a user meets them: up, up again, a dead supervisor, down. It stops the shared stack."""

import os
import signal
import stat
from datetime import UTC, datetime

import psutil
import pytest

from local_stack import processes
from local_stack.state import StateDir
from local_stack.waiting import wait_until
from testkit.platform import Platform
from testkit.waiting import eventually

COMPONENTS = {
    "postgres",
    "kafka",
    "tick-ingestor",
    "bar-aggregator",
    "scheduler",
    "valuation",
    "risk",
    "api-gateway",
    "producer",
}


def pids(platform: Platform) -> dict[str, int | None]:
    """Process ids of what every stack runs: another test may have asked for Prometheus."""
    listed = platform.run_json("status")["components"]
    return {one["name"]: one["pid"] for one in listed if one["name"] != "prometheus"}


@pytest.mark.timeout(600)
def test_up_is_whole_idempotent_and_recovers_and_down_leaves_nothing(platform: Platform):
    began = datetime.now(UTC)
    platform.up(feed="sim")
    before = pids(platform)
    assert set(before) == COMPONENTS
    assert all(before.values())
    assert stat.S_IMODE((platform.home / "client.json").stat().st_mode) == 0o600
    value = eventually(
        lambda: platform.get("/portfolios/US-CORE/value"),
        lambda got: datetime.fromisoformat(got["as_of"]) > began,
    )
    assert (value["currency"], value["coverage"]["unpriced"]) == ("USD", 0)

    client = platform.client
    platform.up(feed="sim")
    assert pids(platform) == before
    assert platform.client == client
    platform.run("doctor")

    state = StateDir(platform.home)
    supervisord = int((state.run_dir / "supervisord.pid").read_text())
    os.kill(supervisord, signal.SIGKILL)
    assert wait_until(lambda: not psutil.pid_exists(supervisord), 60)
    platform.up(feed="none")
    after = pids(platform)
    assert after.pop("producer") is None
    assert all(after.values())
    assert platform.client == client
    assert platform.get("/portfolios/US-CORE/value")["currency"] == "USD"

    platform.down()
    assert processes.of_stack(state) == []
