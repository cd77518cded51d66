"""The REST interface of the platform, its refusals told as those of commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from local_stack.errors import StackError
from tapeline_cli.connection import Connection
from tapeline_client import Client, ClientError, Unreachable

TIMEOUT_S = 30.0


@contextmanager
def opened_api() -> Iterator[Client]:
    """A client of the platform. What it raises becomes a StackError that says what to do."""
    connection = Connection.of_stack()
    try:
        with Client(connection.api_url, connection.api_key, timeout_s=TIMEOUT_S) as client:
            yield client
    except Unreachable as error:
        raise StackError(str(error), "run `tapeline up`, or see `tapeline status`") from error
    except ClientError as error:
        raise StackError(str(error), "see `tapeline logs api-gateway`") from error
