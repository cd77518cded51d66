"""What OpenAPI says about answers: our own shapes by reference, problems everywhere."""

from typing import Any

from msgspec import Struct

from api_gateway.problems import MEDIA_TYPE
from api_gateway.schemas.common import Problem

REFERENCE = "#/components/schemas/{name}"
_WHY = {
    401: "no valid key",
    403: "the key has no scope for this",
    404: "no such portfolio, instrument or key, or asked on the other port",
    409: "not possible with the present data: no rate connects the currency, or the key was used before",
    408: "the body was not complete in time",
    413: "the body is too large",
    422: "a parameter or the body is wrong",
    429: "too many requests of this principal; Retry-After says when the next one is taken",
    503: "the gateway has not read its topics yet, or the database or the broker does not answer",
}

_NEXT_PAGE = {
    "description": 'where there is a next page: its address, relative to this one, as rel="next"',
    "schema": {"type": "string", "examples": ['<?limit=2&cursor=WyJVUy1DT1JFIl0>; rel="next"']},
}


def answers(shape: type[Struct], *problems: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with `shape`, or with one of the problems."""
    answer: dict[str, Any] = {
        "description": (shape.__doc__ or "").strip(),
        "content": {"application/json": {"schema": {"$ref": REFERENCE.format(name=shape.__name__)}}},
    }
    if "next_cursor" in shape.__struct_fields__:
        answer["headers"] = {"Link": _NEXT_PAGE}
    return {status: answer, **refusals(*problems)}


def refusals(*problems: int) -> dict[int | str, dict[str, Any]]:
    """The problems among the `responses` of a route."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(name=Problem.__name__)}}}
    codes = sorted({401, 403, 422, 429, 503, *problems})
    return {code: {"description": _WHY[code], "content": content} for code in codes}
