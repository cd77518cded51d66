"""Events of the stream that are about the stream itself; the others carry answers and messages."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

WhyDropped = Literal["slow", "stopping", "signed_out"]
WhySnapshot = Literal["new", "restarted", "too_old", "behind"]


class SnapshotEvent(Struct, frozen=True, kw_only=True, gc=False):
    """`event: snapshot`: forget what you have, the newest of everything follows."""

    reason: Annotated[
        WhySnapshot,
        Meta(
            description="new: no Last-Event-ID; restarted: an id of another gateway process; too_old: the id "
            "is no longer in the history; behind: this connection fell out of the history"
        ),
    ]
    events: Annotated[int, Meta(description="how many events the snapshot has", ge=0)]


class ResumedEvent(Struct, frozen=True, kw_only=True, gc=False):
    """`event: resumed`: keep what you have, everything that changed since follows."""

    events: Annotated[int, Meta(description="how many changes were missed, conflated", ge=0)]


class RemovedEvent(Struct, frozen=True, kw_only=True, gc=False):
    """`event: removed`: this is no more."""

    topic: Literal["values", "risk"]
    subject: Annotated[str, Meta(description="portfolio")]
    part: Annotated[str, Meta(description="basis")]


class DroppedEvent(Struct, frozen=True, kw_only=True, gc=False):
    """`event: dropped`: the last event of a connection that is ended by the gateway."""

    reason: Annotated[
        WhyDropped,
        Meta(
            description="slow: events were not taken; stopping: the gateway ends; signed_out: the key or "
            "session is over"
        ),
    ]
