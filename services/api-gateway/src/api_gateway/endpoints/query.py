"""A query parameter that a route does not take is refused: ignored, it would answer another question."""

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from api_gateway.problems import ProblemError
from api_gateway.schemas.common import FieldError

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


def taken_by(route: APIRoute) -> tuple[str, ...]:
    """The query parameters of a route, as the OpenAPI document has them."""
    operation = str(route.operation_id)
    found = _taken.get(operation)
    if found is None:
        fields = get_flat_params(route.dependant)
        queries = {field.alias for field in fields if isinstance(field.field_info, params.Query)}
        found = _taken[operation] = tuple(sorted(queries))
    return found
