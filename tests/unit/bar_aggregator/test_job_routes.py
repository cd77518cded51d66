"""What the jobs' routes take: an empty body, a date to begin again from, and nothing else."""

import json
from datetime import date
from typing import Any, cast

import msgspec
import pytest

from bar_aggregator.adapters.job_routes import job_routes
from bar_aggregator.silver_job import JobResult


class FakePath:
    """Notes what a Silver job was asked for."""

    def __init__(self) -> None:
        self.asked: list[date | None] = []

    def run_silver(self, *, again_from: date | None) -> JobResult:
        self.asked.append(again_from)
        return JobResult("silver-bars", "done", 1, 0, 1, 0, 1, 0.5)


@pytest.mark.parametrize(
    ("body", "asked"),
    [(b"", None), (b"{}", None), (b'{"again_from": "2013-10-07"}', date(2013, 10, 7))],
)
def test_a_job_is_run_and_remembered(body: bytes, asked: date | None) -> None:
    path = FakePath()
    routes = job_routes(cast(Any, path))
    status, answer = routes["POST", "/jobs/silver-bars"](body)
    assert (status, path.asked) == (200, [asked])
    assert json.loads(routes["GET", "/jobs"](b"")[1]) == {"silver-bars": json.loads(answer)}


@pytest.mark.parametrize("body", [b"x", b'{"again_from": "October"}', b'{"since": "2013-10-07"}'])
def test_a_wrong_request_is_refused_with_what_is_wrong(body: bytes) -> None:
    path = FakePath()
    status, answer = job_routes(cast(Any, path))["POST", "/jobs/silver-bars"](body)
    assert (status, path.asked) == (400, [])
    assert json.loads(answer)["detail"]


def test_a_job_that_reads_something_broken_has_failed_and_was_not_asked_wrongly() -> None:
    class Broken:
        def run_silver(self, *, again_from: date | None) -> JobResult:
            raise msgspec.DecodeError("a note of the lake is cut off")

    status, answer = job_routes(cast(Any, Broken()))["POST", "/jobs/silver-bars"](b"")
    assert (status, json.loads(answer)["status"]) == (500, "failed")
