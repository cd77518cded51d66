"""How far every stage is, and what happened to every raw event."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts import Timestamp

Offset = Annotated[int, Meta(description="the next offset")]


class TopicPosition(Struct, frozen=True, kw_only=True):
    """How much is on a topic."""

    topic: str
    begin_offset: Annotated[int, Meta(description="sum over partitions of the oldest offset still kept")]
    end_offset: Annotated[int, Meta(description="sum over partitions of the next offset to be written")]
    partitions: dict[str, Offset]


class PartitionLag(Struct, frozen=True, kw_only=True):
    """Where a group is in one partition."""

    partition: int
    committed: Annotated[int | None, Meta(description="next offset to be read; null when there is none")]
    end_offset: Offset
    lag: Annotated[int, Meta(description="records not taken in yet")]
    watermark: Annotated[Timestamp | None, Meta(description="market time reached, where the stage tells it")]


class GroupLag(Struct, frozen=True, kw_only=True):
    """Where a consumer group is in one topic."""

    group: str
    topic: str
    lag: int
    watermark: Annotated[Timestamp | None, Meta(description="newest market time of its partitions")]
    partitions: tuple[PartitionLag, ...]


class IngestTotal(Struct, frozen=True, kw_only=True):
    """received = accepted + duplicate + rejected, for everything up to the committed offset."""

    received: int
    accepted: int
    duplicate: int
    rejected: int


class IngestPartition(IngestTotal, frozen=True, kw_only=True):
    """The same for one partition of the raw topic."""

    partition: int


class Ingest(Struct, frozen=True, kw_only=True):
    """What became of every raw event, as committed together with the offset."""

    total: IngestTotal
    rejected_by_reason: dict[str, int]
    partitions: tuple[IngestPartition, ...]


class Pipeline(Struct, frozen=True, kw_only=True):
    """Topics, groups and counts at one moment."""

    recorded_at: Timestamp
    topics: tuple[TopicPosition, ...]
    groups: tuple[GroupLag, ...]
    ingest: Ingest
