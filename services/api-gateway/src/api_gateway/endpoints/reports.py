"""The two finance reports of a business date, from the warehouse."""

import asyncio
import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api_gateway.endpoints.documentation import REFERENCE, refusals
from api_gateway.endpoints.parameters import KnownAt, utc
from api_gateway.problems import ProblemError
from api_gateway.security.caller import reach_of
from api_gateway.state import gateway_of
from reports.adapters.gold import ReportUnavailable
from reports.catalog import MEDIA_TYPES, Format
from reports.core.pnl.shapes import DailyPnlReport
from reports.core.risk.shapes import RiskExposureReport

router = APIRouter(prefix="/v1/reports", tags=["reports"])

SHAPES = (DailyPnlReport, RiskExposureReport)
ReportName = Literal["daily-pnl", "risk-exposure"]
# A page of ours without scripts; its styles are inside.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report; the same date and moment give the same bytes.",
        "content": {
            MEDIA_TYPES["json"]: {
                "schema": {"oneOf": [{"$ref": REFERENCE.format(name=shape.__name__)} for shape in SHAPES]}
            },
            "text/html": {"schema": {"type": "string"}},
            MEDIA_TYPES["pdf"]: _BINARY,
            MEDIA_TYPES["xlsx"]: _BINARY,
        },
    },
    **refusals(404, 422),
}


@router.get("/{name}", operation_id="getReport", responses=_ANSWERS, response_class=Response)
async def get_report(
    request: Request,
    name: Annotated[ReportName, Path(description="which report")],
    date: Annotated[dt.date, Query(description="business date", examples=["2013-10-07"])],
    format: Annotated[
        Format | None, Query(description="without it the first of these that Accept names, else json")
    ] = None,
    known_at: KnownAt = None,
) -> Response:
    """A finance report of a business date, of the portfolios within reach."""
    gateway, reach = gateway_of(request), reach_of(request.scope)
    shown = None if reach.portfolios is None else sorted(reach.portfolios)
    try:
        report = await gateway.repository.report(name, date, utc(known_at), shown)
    except ReportUnavailable as error:
        raise ProblemError(404, f"{error}; {error.fix}", kind="no-report") from error
    wanted = format or _accepted(request.headers.get("accept", ""))
    body = await asyncio.to_thread(report.rendered, wanted)
    headers = {"Content-Disposition": f'inline; filename="{name}-{date}.{wanted}"'}
    if wanted == "html":
        headers["Content-Security-Policy"] = PAGE_POLICY
    return Response(body, media_type=MEDIA_TYPES[wanted], headers=headers)


def _accepted(accept: str) -> Format:
    """The first format that the header names; what it prefers by quality is not weighed."""
    known: dict[str, Format] = {media.split(";")[0]: form for form, media in MEDIA_TYPES.items()}
    for part in accept.split(","):
        if (media := part.split(";")[0].strip()) in known:
            return known[media]
    return "json"
