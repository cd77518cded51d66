"""Analyses over HTTP, on the health port: bound to loopback, asked by api-gateway only."""

from threading import Lock
from time import perf_counter

import msgspec

from chassis import metrics
from chassis.health import Route
from chassis.logs import get_logger
from contracts.codec import encode
from risk.core.analyses import ANALYSES, Analysis
from risk.core.desk import Desk, Refused

log = get_logger(__name__)


def analysis_routes(desk: Desk) -> dict[tuple[str, str], Route]:
    """POST /analysis/<name> with the request as JSON; one is computed at a time."""
    turn = Lock()
    return {("POST", f"/analysis/{name}"): _route(desk, turn, name, one) for name, one in ANALYSES.items()}


def _route(desk: Desk, turn: Lock, name: str, analysis: Analysis) -> Route:
    decoder = msgspec.json.Decoder(analysis.request)

    def answer(body: bytes) -> tuple[int, bytes]:
        started = perf_counter()
        try:
            request = decoder.decode(body)
            with turn:
                return 200, encode(analysis.answer(desk, request))
        except msgspec.ValidationError as error:
            return 422, _detail(str(error))
        except Refused as error:
            return error.status, _detail(error.detail)
        except Exception:
            log.exception("analysis failed", analysis=name)
            return 500, _detail("the analysis failed; the log of risk says why")
        finally:
            metrics.STAGE_SECONDS.labels(stage=f"analysis.{name}").observe(perf_counter() - started)

    return answer


def _detail(text: str) -> bytes:
    return msgspec.json.encode({"detail": text})
