"""Where the running platform is, as `tapeline up` wrote it down, and its REST interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import httpx

from local_stack.errors import StackError
from local_stack.state import StateDir, read_json

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Connection:
    """Addresses of one platform: REST, Kafka bootstrap servers and PostgreSQL DSN."""

    api_url: str
    api_key: str
    kafka: str
    postgres: str

    @classmethod
    def of_stack(cls, state: StateDir | None = None) -> Connection:
        """What client.json of the stack says. Raises StackError when there is none or it is incomplete."""
        path = (state or StateDir.from_environment()).client_file
        content = read_json(path)
        wanted = [field.name for field in fields(cls)]
        if missing := [name for name in wanted if not isinstance(content.get(name), str)]:
            problem = f"{path} has no {', '.join(missing)}" if content else f"no platform: {path} is missing"
            raise StackError(problem, "run `tapeline up`, or set TAPELINE_HOME to the stack you mean")
        return cls(**{name: content[name] for name in wanted})


def request_json(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: object = None,
    timeout_s: float = TIMEOUT_S,
) -> Any:
    """The JSON answer of one request. Raises StackError when nobody answers or the answer is an error."""
    try:
        answer = httpx.request(method, url, headers=headers, json=body, timeout=timeout_s)
    except httpx.TimeoutException as error:
        raise StackError(f"{url} did not answer within {timeout_s:.0f} s", "see `tapeline status`") from error
    except httpx.TransportError as error:
        raise StackError(f"{url} cannot be reached: {error}", "run `tapeline up`") from error
    if answer.is_error:
        raise StackError(f"{url} answered {answer.status_code}: {answer.text[:500]}", "see `tapeline logs`")
    return answer.json()
