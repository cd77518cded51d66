"""Parameters that several routes take."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, Path, Query

from api_gateway.core.pages import BadCursor, decode_cursor
from api_gateway.core.past import Moment
from api_gateway.problems import ProblemError
from api_gateway.schemas.common import FieldError
from api_gateway.schemas.times import Rfc3339
from contracts import Basis

PortfolioId = Annotated[str, Path(description="portfolio", max_length=128, examples=["US-CORE"])]
Symbol = Annotated[str, Path(description="instrument symbol", min_length=1, max_length=64, examples=["IBM"])]
CurrencyQuery = Annotated[
    str | None,
    Query(
        pattern="^[A-Z]{3}$",
        description="report in this currency with the rates of the same valuation; else the base currency",
        examples=["EUR"],
    ),
]
BasisQuery = Annotated[
    Basis | None,
    Query(
        description="last: newest prices (live); bar: closes of final bars (official); "
        "without it last, and bar where as_of or known_at is given: live values are not stored"
    ),
]
AnyBasis = Annotated[
    Basis | None, Query(description="last: live; bar: official; without it live, else official")
]
From = Annotated[Rfc3339 | None, Query(alias="from", description="RFC 3339, inclusive")]
To = Annotated[Rfc3339 | None, Query(alias="to", description="RFC 3339, exclusive")]
Limit = Annotated[int, Query(ge=1, le=5000, description="most items of one page")]
CursorQuery = Annotated[str | None, Query(max_length=512, description="next_cursor of the page before")]
KnownAt = Annotated[
    Rfc3339 | None,
    Query(description="our time: only what was recorded by then", examples=["2013-10-07T16:00:00Z"]),
]
AsOf = Annotated[
    Rfc3339 | None,
    Query(description="market time: the newest at or before it", examples=["2013-10-07T14:30:00Z"]),
]
Confidence = Annotated[
    Decimal, Query(gt=0, lt=1, description="confidence level", examples=["0.95"], max_digits=10)
]


FIRST_YEAR, LAST_YEAR = 1900, 9000
DEFAULT_CONFIDENCE = Decimal("0.95")


def past_of(as_of: AsOf = None, known_at: KnownAt = None) -> Moment | None:
    """The past that is asked for, in UTC; None is now."""
    if as_of is None and known_at is None:
        return None
    return Moment(utc(as_of), utc(known_at))


Past = Annotated[Moment | None, Depends(past_of)]


def basis_of(basis: Basis | None, past: Moment | None) -> Basis:
    """The basis asked for or the usual one. Raises a 422 problem for live values of the past."""
    if past is None:
        return basis or "last"
    if basis == "last":
        raise wrong("query.basis", "live values are not stored; of the past there are official ones, bar")
    return "bar"


def basis_points(confidence: Decimal) -> int:
    """0.95 -> 9500. Raises a 422 problem for finer steps than a basis point."""
    points = confidence * 10_000
    if points != points.to_integral_value():
        raise wrong("query.confidence", f"{confidence} is finer than a basis point; use at most 4 decimals")
    return int(points)


def span(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """[from, to) in UTC. Raises a 422 problem when it is empty."""
    if start is not None and end is not None and start >= end:
        raise wrong("query.from", "from must be before to")
    return utc(start), utc(end)


def utc(moment: datetime | None) -> datetime | None:
    """Raises a 422 problem for a year with which no time can be calculated."""
    if moment is None:
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise wrong("query", f"{moment.isoformat()} is out of range: years {FIRST_YEAR} to {LAST_YEAR}")
    return moment.astimezone(UTC)


def cursor_parts(cursor: str | None, parts: int) -> tuple[str, ...] | None:
    """What the cursor names. Raises a 422 problem for one that this list did not give out."""
    try:
        return None if cursor is None else decode_cursor(cursor, parts)
    except BadCursor as error:
        raise wrong("query.cursor", str(error)) from error


def cursor_time(text: str) -> datetime:
    """A moment inside a cursor. Raises a 422 problem."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong("query.cursor", "a cursor of another list: use next_cursor of the page before") from error


def wrong(pointer: str, detail: str) -> ProblemError:
    """A 422 problem about one field."""
    return ProblemError(422, detail, errors=[FieldError(pointer=pointer, detail=detail)])
