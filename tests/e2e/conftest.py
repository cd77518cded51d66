"""Every test here starts the platform with the command that a user types."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.e2e.real_day import MARKET_DATE, load_and_replay

from testkit.airflow import Airflow
from testkit.platform import Platform

STOPS_THE_STACK = "test_commands.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.e2e)
    ours.sort(key=lambda item: item.path.name == STOPS_THE_STACK)
    # Last: what is quick to fail fails first, and the shared stack is gone as soon as it is done with.
    items[:] = [item for item in items if item not in set(ours)] + ours


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """A running stack without a feed, shared: each test module replays a market day of its own.

    Starting one takes most of a minute on two cores, so they share it. Days must come in the order of the
    modules, because an older tick never replaces a newer price.
    """
    home = Path(tempfile.mkdtemp(prefix="tapeline-e2e-"))
    stack = Platform(home)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def counts_before(platform: Platform) -> dict[str, int]:
    """What the ingestor had counted before the real day."""
    return platform.ingest_counts()


@pytest.fixture(scope="session")
def replayed(
    platform: Platform, counts_before: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Platform:
    """The stack after the real day of tests/e2e/real_day.py."""
    load_and_replay(platform, tmp_path_factory.mktemp("book"))
    return platform


@pytest.fixture(scope="session")
def airflow(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow beside the platform."""
    made = Airflow(tmp_path_factory.mktemp("airflow"), platform.environment)
    made.install()
    return made


@pytest.fixture(scope="session")
def closed(replayed: Platform, airflow: Airflow) -> Platform:
    """The stack after the end of the real day as Airflow runs it: warehouse and reports included."""
    airflow.run("airflow", "dags", "test", "end_of_day", str(MARKET_DATE))
    return replayed


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium: apt-get install -y --no-install-recommends chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()
