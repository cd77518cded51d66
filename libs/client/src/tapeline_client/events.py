"""Server-Sent Events, line by line."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from tapeline_client import types


class Event(Struct, frozen=True, kw_only=True):
    """One event of the stream: `what` is the typed answer, `id` resumes behind it."""

    name: str
    id: str | None
    what: Any


SHAPES: dict[str, type[Struct]] = {
    "value": types.Value,
    "risk": types.Risk,
    "limit": types.LimitEvent,
    "bar": types.Bar,
    "snapshot": types.SnapshotEvent,
    "resumed": types.ResumedEvent,
    "removed": types.RemovedEvent,
    "dropped": types.DroppedEvent,
}


def events(lines: Iterable[str]) -> Iterator[Event]:
    """Typed events; one of a name that this client does not know is left out, and so are comments."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        shape = SHAPES.get(fields.get("event", ""))
        if shape is not None:
            what = msgspec.json.decode(fields["data"], type=shape)
            yield Event(name=fields["event"], id=fields.get("id"), what=what)
        fields = {}
