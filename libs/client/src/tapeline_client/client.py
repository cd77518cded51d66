"""The client: sends requests, gives typed answers, raises problems."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, ParamSpec, Protocol, Self, TypeVar, overload

import httpx
import msgspec
from msgspec import Struct

from tapeline_client.errors import ApiProblem, ClientError, Unreachable
from tapeline_client.events import Event, events
from tapeline_client.operations import Operations
from tapeline_client.types import DailyPnlReport, Problem, RiskExposureReport

T = TypeVar("T")
Item = TypeVar("Item", covariant=True)
Parameters = ParamSpec("Parameters")

TIMEOUT_S = 10.0
SILENCE_S = 30.0
"""The stream speaks at least every 15 seconds."""
_REPORTS: Mapping[str, type[DailyPnlReport] | type[RiskExposureReport]] = {
    "daily-pnl": DailyPnlReport,
    "risk-exposure": RiskExposureReport,
}


class Page(Protocol[Item]):
    """An answer with items and the cursor of the next page."""

    @property
    def data(self) -> Sequence[Item]: ...
    @property
    def next_cursor(self) -> str | None: ...


class Client(Operations):
    """Every operation of the interface as a method; keeps its connections, may be used by several threads.

    >>> with Client("http://127.0.0.1:8080", key) as api:
    ...     print(api.get_value("US-CORE").market_value)
    """

    def __init__(
        self,
        api_url: str,
        api_key: str,
        *,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"X-API-Key": api_key}
        self._http = httpx.Client(base_url=api_url, headers=headers, timeout=timeout_s, transport=transport)

    def pages(
        self,
        operation: Callable[Parameters, Page[Item]],
        *arguments: Parameters.args,
        **parameters: Parameters.kwargs,
    ) -> Iterator[Item]:
        """Every item of a list, page after page: `api.pages(api.list_trades, "US-CORE")`."""
        while True:
            page = operation(*arguments, **parameters)
            yield from page.data
            if page.next_cursor is None:
                return
            parameters["cursor"] = page.next_cursor

    @overload
    def get_report(
        self, name: Literal["daily-pnl"], date: dt.date, *, known_at: datetime | None = None
    ) -> DailyPnlReport: ...
    @overload
    def get_report(
        self, name: Literal["risk-exposure"], date: dt.date, *, known_at: datetime | None = None
    ) -> RiskExposureReport: ...
    def get_report(
        self, name: str, date: dt.date, *, known_at: datetime | None = None
    ) -> DailyPnlReport | RiskExposureReport:
        """A finance report of a business date, of the portfolios within reach; its name says its type."""
        shape = _REPORTS.get(name)
        if shape is None:
            raise ValueError(f"no report {name!r}: there are {', '.join(_REPORTS)}")
        query = {"date": date, "format": "json", "known_at": known_at}
        return self._call("GET", f"/v1/reports/{name}", shape, query=query)

    @contextmanager
    def stream(
        self,
        *,
        topics: Sequence[str] = ("values", "risk", "limits", "bars"),
        portfolio_id: Sequence[str] = (),
        symbol: Sequence[str] = (),
        interval_ms: int = 200,
        last_event_id: str | None = None,
    ) -> Iterator[Iterator[Event]]:
        """Follow GET /v1/stream until the gateway ends it: `with api.stream() as events: ...`."""
        query = {
            "topics": ",".join(topics),
            "portfolio_id": list(portfolio_id),
            "symbol": list(symbol),
            "interval_ms": interval_ms,
        }
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        try:
            with self._http.stream(
                "GET", "/v1/stream", params=query, headers=headers, timeout=SILENCE_S
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise _problem(answer)
                yield events(answer.iter_lines())
        except httpx.TransportError as error:
            raise Unreachable(f"GET {self._http.base_url}/v1/stream: {error}") from error

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Struct | Sequence[Struct] | None = None,
    ) -> T:
        try:
            found = self._http.request(
                method,
                path,
                params={name: _text(value) for name, value in (query or {}).items() if value is not None},
                headers={**(headers or {}), **({} if body is None else {"Content-Type": "application/json"})},
                content=None if body is None else msgspec.json.encode(body),
            )
        except httpx.TimeoutException as error:
            raise Unreachable(f"{method} {self._http.base_url}{path} did not answer in time") from error
        except httpx.TransportError as error:
            raise Unreachable(f"{method} {self._http.base_url}{path}: {error}") from error
        if found.is_error:
            raise _problem(found)
        return msgspec.json.decode(found.content, type=answer)


def _problem(answer: httpx.Response) -> ClientError:
    try:
        return ApiProblem(msgspec.json.decode(answer.content, type=Problem))
    except msgspec.MsgspecError:
        return ClientError(f"{answer.request.url} answered {answer.status_code}: {answer.text[:500]}")


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_text(one) for one in value]
    return value if isinstance(value, bool | int | float) else str(value)
