"""Typed Python client of the REST interface: one method per operation, named as in openapi.json."""

from tapeline_client import types
from tapeline_client.client import Client
from tapeline_client.errors import ApiProblem, ClientError, Unreachable
from tapeline_client.events import Event

__all__ = ["ApiProblem", "Client", "ClientError", "Event", "Unreachable", "types"]
