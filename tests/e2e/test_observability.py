"""A real Prometheus scrapes the running stack, and every panel of every dashboard has data."""

import math
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.observability.rules import panel_queries

from testkit.days import shifted_day
from testkit.platform import Platform
from testkit.waiting import eventually

DAY = Path(__file__).resolve().parents[2] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"
FIRST_TICKS, TICKS = "5000", "20000"
SCRAPED = {"tick-ingestor", "bar-aggregator", "valuation", "risk", "api-gateway"}

# Panels that are empty until something happens that this test does not do.
AFTER_AN_EVENT = {
    ("risk", "Second calculation, divergence"): "an end of day with its challenger",
}

# Of each source that the test makes move: a rate begins at the first sample of a series.
FIRST_SEEN = (
    'tapeline_event_lag_seconds_count{stage="gateway"}',
    'tapeline_stage_seconds_count{stage=~"analysis.*"}',
    'tapeline_job_seconds_count{task="silver-bars"}',
    'tapeline_http_requests_total{route="/v1/pipeline"}',
)

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        shutil.which("prometheus") is None,
        reason="prometheus is missing: apt-get install --no-install-recommends prometheus (Debian, Ubuntu)",
    ),
]
Query = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def prometheus(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Beside the shared stack, after a little market, a run of the Silver job and some requests."""
    shown = platform.run("up", "--feed", "none", "--with", "observability")
    url = next(line.split()[-1] for line in shown.splitlines() if line.startswith("Prometheus"))
    day = shifted_day(DAY, -6, tmp_path_factory.mktemp("day"))
    with httpx.Client(base_url=url, timeout=10) as client:
        # Nothing moves before all have been scraped: an increase is seen against the sample before it.
        eventually(lambda: samples(client, "up == 1"), lambda found: len(found) == len(SCRAPED))
        # Everything once before and once after a scrape: the rate of a series needs two samples of it.
        use(platform, day, FIRST_TICKS)
        for series in FIRST_SEEN:
            eventually(lambda series=series: samples(client, series), bool)
        use(platform, day, TICKS)
        yield client


def use(platform: Platform, day: Path, ticks: str) -> None:
    """The first ticks of the day, a Silver job, and requests of which one needs the risk service."""
    platform.run("replay", str(day), "--speed", "max", "--limit", ticks, "--wait")
    platform.run("bars", "run")
    for path in ("/portfolios", "/pipeline", "/portfolios/US-CORE/components"):
        platform.get(path)


def samples(prometheus: httpx.Client, expression: str) -> list[dict[str, Any]]:
    """Samples of an instant query; what is not a number is no sample."""
    answer = prometheus.get("/api/v1/query", params={"query": expression})
    assert answer.status_code == 200, f"{expression}: {answer.text}"
    return [one for one in answer.json()["data"]["result"] if not math.isnan(float(one["value"][1]))]


@pytest.fixture(scope="module")
def ask(prometheus: httpx.Client) -> Query:
    return partial(samples, prometheus)


def test_status_tells_of_it(platform: Platform, prometheus: httpx.Client) -> None:
    components = platform.run_json("status")["components"]
    assert [one["ready"] for one in components if one["name"] == "prometheus"] == [True]


def test_every_service_is_scraped(prometheus: httpx.Client) -> None:
    def unreached() -> list[tuple[str, str]]:
        targets = prometheus.get("/api/v1/targets").json()["data"]["activeTargets"]
        assert {one["labels"]["job"] for one in targets} == SCRAPED
        return [(one["labels"]["job"], one["lastError"]) for one in targets if one["health"] != "up"]

    eventually(unreached, lambda wrong: wrong == [], 30)


def test_every_rule_can_be_evaluated(prometheus: httpx.Client) -> None:
    def unwell() -> list[tuple[str, str]]:
        groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
        assert groups
        return [
            (rule["name"], rule["health"])
            for group in groups
            for rule in group["rules"]
            if rule["health"] != "ok"
        ]

    eventually(unwell, lambda wrong: wrong == [], 60)


def test_every_panel_has_data(ask: Query) -> None:
    def empty() -> set[tuple[str, str]]:
        return {(dashboard, title) for dashboard, title, query in panel_queries() if not ask(query)}

    eventually(empty, lambda panels: panels <= AFTER_AN_EVENT.keys(), 120)


def test_exceptions_name_panels_that_exist() -> None:
    assert AFTER_AN_EVENT.keys() <= {(dashboard, title) for dashboard, title, _ in panel_queries()}


def test_prometheus_tells_the_same_counts_as_the_gateway(platform: Platform, ask: Query) -> None:
    def told() -> dict[str, int]:
        rows = ask("sum by (result) (tapeline_ingest_messages_total)")
        return {row["metric"]["result"]: int(row["value"][1]) for row in rows}

    eventually(told, lambda counts: counts == platform.ingest_counts(), 30)


def test_lag_is_measured_for_every_group_that_reads_ticks(ask: Query) -> None:
    groups = {row["metric"]["group"] for row in ask("tapeline_group_lag_seconds")}
    assert {"tick-ingestor", "bar-aggregator", "bar-aggregator.bronze", "valuation", "risk"} <= groups
