"""The two commands as a newcomer meets them: up, up again, a dead supervisor, down."""

import os
import signal
import stat

import psutil
import pytest

from local_stack import processes
from local_stack.state import StateDir
from local_stack.waiting import wait_until
from testkit.platform import Platform, eventually

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


def pids(platform: Platform) -> dict[str, int]:
    return {one["name"]: one["pid"] for one in platform.run_json("status")["components"]}


@pytest.mark.timeout(600)
def test_up_is_whole_idempotent_and_recovers_and_down_leaves_nothing(stopped_platform: Platform):
    platform = stopped_platform
    platform.up(feed="sim")
    before = pids(platform)
    assert set(before) == COMPONENTS
    assert all(before.values())
    assert stat.S_IMODE((platform.home / "client.json").stat().st_mode) == 0o600
    value = eventually(
        lambda: platform.get("/portfolios/US-CORE/value"), lambda got: got["market_value"] is not None
    )
    assert value["currency"] == "USD"

    client = platform.client
    platform.up(feed="sim")
    assert pids(platform) == before
    assert platform.client == client
    platform.run("doctor")

    state = StateDir(platform.home)
    supervisord = int((state.run_dir / "supervisord.pid").read_text())
    os.kill(supervisord, signal.SIGKILL)
    assert wait_until(lambda: not psutil.pid_exists(supervisord), 10)
    platform.up(feed="none")
    after = pids(platform)
    assert after.pop("producer") is None
    assert all(after.values())
    assert platform.client == client
    assert platform.get("/portfolios/US-CORE/value")["currency"] == "USD"

    platform.down()
    assert processes.of_stack(state) == []
