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
    lag: Annotated[int, Meta(description="records not taken in yet")]
    lag_seconds: Annotated[
        float | None,
        Meta(
            description="how long the oldest record not taken in has waited, "
            "as seen since the gateway started; null when it was not measured",
            examples=[0.8],
        ),
    ]
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


class BarTally(Struct, frozen=True, kw_only=True):
    """First final bars by whether they say what the provisional one said, and corrections after them."""

    equal: Annotated[
        int, Meta(description="final bars that say what the provisional one said", examples=[498])
    ]
    different: Annotated[
        int, Meta(description="final bars that say something else, as after a late tick", examples=[2])
    ]
    corrected: Annotated[int, Meta(description="later revisions of final bars", examples=[1])]


class WindowTally(BarTally, frozen=True, kw_only=True):
    """The same for one window, with the bars that are in memory by status."""

    window_start: Timestamp
    forming: Annotated[int, Meta(description="symbols whose bar is still forming", examples=[0])]
    provisional: Annotated[int, Meta(description="symbols that wait for their final bar", examples=[3])]
    final: Annotated[int, Meta(description="symbols with a final bar", examples=[500])]


class ProvisionalVsFinal(Struct, frozen=True, kw_only=True):
    """The live path against the official bars, as far as both were read since the gateway started."""

    total: BarTally
    windows: Annotated[tuple[WindowTally, ...], Meta(description="the newest windows, the newest first")]


class Pipeline(Struct, frozen=True, kw_only=True):
    """Topics, groups and counts at one moment."""

    recorded_at: Timestamp
    topics: tuple[TopicPosition, ...]
    groups: tuple[GroupLag, ...]
    ingest: Ingest
    provisional_vs_final: ProvisionalVsFinal
