"""Jobs over HTTP, on the health port: bound to loopback, no key."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import Any

import msgspec

from bar_aggregator.adapters.bar_store import AnotherRunner
from bar_aggregator.spark_path import NotStarted, SparkPath
from chassis.health import Route
from chassis.logs import get_logger

log = get_logger(__name__)


def job_routes(path: SparkPath) -> dict[tuple[str, str], Route]:
    """POST runs a job and answers with what it did; GET /jobs shows the last answer of each."""
    last: dict[str, Any] = {}

    def remembered(name: str, job: Callable[[bytes], Any]) -> Route:
        def run(body: bytes) -> tuple[int, bytes]:
            status, answer = _attempt(name, partial(job, body))
            last[name] = answer
            return status, msgspec.json.encode(answer)

        return run

    return {
        ("POST", "/jobs/silver-bars"): remembered("silver-bars", partial(_silver, path)),
        ("POST", "/jobs/compact"): remembered("compact", lambda _: _compact(path)),
        ("GET", "/jobs"): lambda _: (200, msgspec.json.encode(last)),
    }


class SilverRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a Silver job, which may be left out."""

    again_from: date | None = None


class BadRequest(ValueError):
    """A body that is none of this job's."""


def _silver(path: SparkPath, body: bytes) -> dict[str, Any]:
    try:
        asked = msgspec.json.decode(body or b"{}", type=SilverRequest)
    except msgspec.MsgspecError as error:
        raise BadRequest(str(error)) from error
    return asdict(path.run_silver(again_from=asked.again_from))


def _compact(path: SparkPath) -> dict[str, Any]:
    tables = [asdict(one) for one in path.run_compaction(with_vacuum=True)]
    return {"job": "compact", "status": "done", "tables": tables}


def _attempt(name: str, job: Callable[[], dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    try:
        return 200, job()
    except BadRequest as error:
        return 400, {"job": name, "status": "not started", "detail": str(error)}
    except (NotStarted, AnotherRunner) as error:
        return 503, {"job": name, "status": "not started", "detail": str(error)}
    except Exception as error:
        log.exception("job_failed", job=name)
        return 500, {"job": name, "status": "failed", "detail": f"{type(error).__name__}: {str(error)[:500]}"}
