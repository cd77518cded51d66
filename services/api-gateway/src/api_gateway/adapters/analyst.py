"""Asks the risk service for what is computed on request."""

import httpx
import msgspec
from msgspec import Struct

from chassis.logs import get_logger
from contracts.codec import encode

TIMEOUT_S = 20.0
log = get_logger("api_gateway.analyst")


class AnalysisRefused(Exception):
    """Risk did not answer, or will not: HTTP status for the caller, and why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Analyst:
    """The risk service over HTTP; one connection pool, kept open."""

    def __init__(self, risk_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=risk_url, timeout=TIMEOUT_S)

    async def ask(self, name: str, request: Struct) -> bytes:
        """The encoded answer; raises AnalysisRefused."""
        try:
            answer = await self._client.post(f"/analysis/{name}", content=encode(request))
        except httpx.TransportError as error:
            log.warning("risk does not answer", analysis=name, error=repr(error))
            raise AnalysisRefused(503, "the risk service does not answer; try again in a moment") from error
        if answer.status_code == 200:
            return answer.content
        detail = _detail(answer.content)
        if answer.status_code in (404, 422):
            raise AnalysisRefused(answer.status_code, detail)
        raise AnalysisRefused(503, f"the risk service could not compute it: {detail}")

    async def close(self) -> None:
        await self._client.aclose()


def _detail(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["detail"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return body[:200].decode(errors="replace")
