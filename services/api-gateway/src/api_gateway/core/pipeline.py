"""From offsets and commit metadata to how far every stage is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from api_gateway.schemas.pipeline import (
    GroupLag,
    Ingest,
    IngestPartition,
    IngestTotal,
    PartitionLag,
    Pipeline,
    TopicPosition,
)

Place = tuple[str, int]
"""Topic and partition."""

INGEST_GROUP = "tick-ingestor"


@dataclass(frozen=True, slots=True)
class Commit:
    """A committed next offset and the metadata text beside it."""

    offset: int
    metadata: str


class Note(msgspec.Struct, frozen=True):
    """What a stage writes beside its offset; each stage fills what it knows."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = {}
    watermark_us: int | None = None


_notes = msgspec.json.Decoder(Note)


@dataclass(frozen=True, slots=True)
class Offsets:
    """One reading of the broker: offset range per partition, commits per group."""

    ranges: Mapping[Place, tuple[int, int]]
    commits: Mapping[str, Mapping[Place, Commit]]


def pipeline(offsets: Offsets, recorded_at: datetime) -> Pipeline:
    """Positions of all topics, lags of all groups, and the counts of the ingestor."""
    return Pipeline(
        recorded_at=recorded_at,
        topics=tuple(_topic(name, offsets.ranges) for name in sorted({topic for topic, _ in offsets.ranges})),
        groups=tuple(
            _group(group, topic, offsets)
            for group in sorted(offsets.commits)
            for topic in sorted({topic for topic, _ in offsets.commits[group]})
        ),
        ingest=_ingest(offsets.commits.get(INGEST_GROUP, {})),
    )


def _topic(name: str, ranges: Mapping[Place, tuple[int, int]]) -> TopicPosition:
    own = {partition: ranges[name, partition] for topic, partition in sorted(ranges) if topic == name}
    return TopicPosition(
        topic=name,
        begin_offset=sum(begin for begin, _ in own.values()),
        end_offset=sum(end for _, end in own.values()),
        partitions={str(partition): end for partition, (_, end) in own.items()},
    )


def _group(group: str, topic: str, offsets: Offsets) -> GroupLag:
    commits = offsets.commits[group]
    partitions = tuple(
        _partition(place, offsets.ranges[place], commits.get(place))
        for place in sorted(offsets.ranges)
        if place[0] == topic
    )
    marks = [one.watermark for one in partitions if one.watermark is not None]
    return GroupLag(
        group=group,
        topic=topic,
        lag=sum(one.lag for one in partitions),
        watermark=max(marks, default=None),
        partitions=partitions,
    )


def _partition(place: Place, span: tuple[int, int], commit: Commit | None) -> PartitionLag:
    begin, end = span
    return PartitionLag(
        partition=place[1],
        committed=None if commit is None else commit.offset,
        end_offset=end,
        lag=max(0, end - (begin if commit is None else max(begin, commit.offset))),
        watermark=None if commit is None else _moment(_note(commit).watermark_us),
    )


def _ingest(commits: Mapping[Place, Commit]) -> Ingest:
    notes = {partition: _note(commits[topic, partition]) for topic, partition in sorted(commits)}
    reasons: Counter[str] = Counter()
    for note in notes.values():
        reasons.update(note.rejected)
    return Ingest(
        total=_total(notes.values()),
        rejected_by_reason=dict(sorted(reasons.items())),
        partitions=tuple(
            IngestPartition(
                partition=partition,
                received=note.received,
                accepted=note.accepted,
                duplicate=note.duplicate,
                rejected=sum(note.rejected.values()),
            )
            for partition, note in notes.items()
        ),
    )


def _total(notes: Iterable[Note]) -> IngestTotal:
    every = tuple(notes)
    return IngestTotal(
        received=sum(note.received for note in every),
        accepted=sum(note.accepted for note in every),
        duplicate=sum(note.duplicate for note in every),
        rejected=sum(sum(note.rejected.values()) for note in every),
    )


def _note(commit: Commit) -> Note:
    """The metadata, or an empty note: a stranger's group may write anything there."""
    try:
        return _notes.decode(commit.metadata)
    except msgspec.MsgspecError:
        return Note()


def _moment(ts_us: int | None) -> datetime | None:
    return None if ts_us is None else datetime.fromtimestamp(ts_us / 1_000_000, tz=UTC)
