"""Where the platform is, as `tapeline up` wrote it down or the environment says, and its REST interface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import httpx

from local_stack.errors import StackError
from local_stack.state import StateDir, read_json

TIMEOUT_S = 10.0
URL_VARIABLE, KEY_VARIABLE = "TAPELINE_API_URL", "TAPELINE_API_KEY_FILE"
ADMIN_VARIABLE = "TAPELINE_ADMIN_URL"
_ELSEWHERE = {"api_url": URL_VARIABLE, "kafka": "TAPELINE_KAFKA", "postgres": "TAPELINE_POSTGRES"}


@dataclass(frozen=True)
class Connection:
    """Addresses of one platform: REST, Kafka bootstrap servers and PostgreSQL DSN.

    `admin_url` is where keys are made; who makes none needs not know it.
    """

    api_url: str
    api_key: str
    kafka: str
    postgres: str
    admin_url: str | None = None

    @classmethod
    def of_stack(
        cls, state: StateDir | None = None, environment: Mapping[str, str] = os.environ
    ) -> Connection:
        """What client.json of the stack says; with TAPELINE_API_URL, the platform that the environment names.

        Raises StackError when there is none or it is incomplete.
        """
        if URL_VARIABLE in environment:
            return cls._elsewhere(environment)
        path = (state or StateDir.from_environment()).client_file
        content = read_json(path)
        wanted = [field.name for field in fields(cls) if field.default is MISSING]
        if missing := [name for name in wanted if not isinstance(content.get(name), str)]:
            problem = f"{path} has no {', '.join(missing)}" if content else f"no platform: {path} is missing"
            raise StackError(problem, "run `tapeline up`, or set TAPELINE_HOME to the stack you mean")
        return cls(**{name: content[name] for name in wanted}, admin_url=content.get("admin_url"))

    @classmethod
    def _elsewhere(cls, environment: Mapping[str, str]) -> Connection:
        """A platform in containers: addresses by variables, the key in a file."""
        if missing := [name for name in (*_ELSEWHERE.values(), KEY_VARIABLE) if not environment.get(name)]:
            raise StackError(f"{URL_VARIABLE} is set and {', '.join(missing)} is not", "set all or none")
        try:
            key = Path(environment[KEY_VARIABLE]).read_text().strip()
        except OSError as error:
            raise StackError(f"no API key: {error}", f"let {KEY_VARIABLE} name a readable file") from error
        named = {field: environment[name] for field, name in _ELSEWHERE.items()}
        return cls(api_key=key, admin_url=environment.get(ADMIN_VARIABLE), **named)


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
