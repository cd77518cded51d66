"""What is refused before every route: parameters it does not take, and zero bytes anywhere.

A parameter that was ignored would answer another question. A zero byte is in no text of PostgreSQL, and in no
name that anybody has.
"""

import re

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from api_gateway.problems import ProblemError
from api_gateway.schemas.common import FieldError
from api_gateway.security.same_origin import SAFE_METHODS

_ZERO = "\0"
_ESCAPED_ZERO = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_taken: dict[str, tuple[str, ...]] = {}
"""Names by operation, looked up at its first request with a query."""


async def refuse_unknown(request: Request) -> None:
    """Done before every route of the document; raises a 422 problem. Files of the dashboard take anything."""
    route: APIRoute = request.scope["route"]
    if not request.scope["query_string"] or not route.include_in_schema:
        return
    names = taken_by(route)
    unknown = [name for name in request.query_params if name not in names]
    if unknown:
        raise ProblemError(
            422,
            f"no query parameter {unknown[0]!r} here; there are: {', '.join(names) or 'none'}",
            errors=[FieldError(pointer=f"query.{name}", detail="not a parameter") for name in unknown],
            available=names,
        )


async def refuse_zero_bytes(request: Request) -> None:
    """Done before every route, when the body has been read; raises a 422 problem that says where one is."""
    at = next(filter(None, (_in_path(request), _in_query(request), await _in_body(request))), None)
    if at is not None:
        detail = "a zero byte is in no name or text here; leave it out"
        raise ProblemError(422, f"{at}: {detail}", errors=[FieldError(pointer=at, detail=detail)])


def _in_path(request: Request) -> str | None:
    return next((f"path.{name}" for name, value in request.path_params.items() if "\0" in value), None)


def _in_query(request: Request) -> str | None:
    if b"%00" not in request.scope["query_string"]:
        return None
    pairs = request.query_params.multi_items()
    return next((f"query.{name.replace(_ZERO, '')}" for name, value in pairs if _ZERO in name + value), None)


async def _in_body(request: Request) -> str | None:
    """JSON has it as an escape only: a bare one is a syntax error."""
    if request.method in SAFE_METHODS:
        return None
    return "body" if _ESCAPED_ZERO.search(await request.body()) else None


def taken_by(route: APIRoute) -> tuple[str, ...]:
    """The query parameters of a route, as the OpenAPI document has them."""
    operation = str(route.operation_id)
    found = _taken.get(operation)
    if found is None:
        fields = get_flat_params(route.dependant)
        queries = {field.alias for field in fields if isinstance(field.field_info, params.Query)}
        found = _taken[operation] = tuple(sorted(queries))
    return found
