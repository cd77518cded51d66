"""From offsets and commit metadata to how far every stage is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api_gateway.core.bar_check import Tally
from api_gateway.core.view import View
from api_gateway.schemas.pipeline import (
    BarTally,
    GroupLag,
    Ingest,
    IngestPartition,
    IngestTotal,
    PartitionLag,
    Pipeline,
    ProvisionalVsFinal,
    TopicPosition,
    WindowTally,
)
from contracts import Bar

Place = tuple[str, int]
"""Topic and partition."""

INGEST_GROUP = "tick-ingestor"
SHOWN_WINDOWS = 12
Count = Annotated[int, Meta(ge=0, le=2**53)]
TimeUs = Annotated[int, Meta(ge=0, le=253_402_300_799_999_999)]
"""Up to the year 9999: what Python and RFC 3339 can tell."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A committed next offset and the metadata text beside it."""

    offset: int
    metadata: str


class Note(msgspec.Struct, frozen=True):
    """What a stage writes beside its offset; each stage fills what it knows."""

    received: Count = 0
    accepted: Count = 0
    duplicate: Count = 0
    rejected: dict[str, Count] = {}
    watermark_us: TimeUs | None = None


_notes = msgspec.json.Decoder(Note)


@dataclass(frozen=True, slots=True)
class Offsets:
    """One reading of the broker: offset range per partition, commits per group, age per group and topic."""

    ranges: Mapping[Place, tuple[int, int]]
    commits: Mapping[str, Mapping[Place, Commit]]
    lag_seconds: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])


def pipeline(offsets: Offsets, view: View, recorded_at: datetime) -> Pipeline:
    """Positions of all topics, lags of all groups, the counts of the ingestor, and how bars compare."""
    return Pipeline(
        recorded_at=recorded_at,
        topics=tuple(_topic(name, offsets.ranges) for name in sorted({topic for topic, _ in offsets.ranges})),
        groups=tuple(
            _group(group, topic, offsets)
            for group in sorted(offsets.commits)
            for topic in sorted({topic for topic, _ in offsets.commits[group]})
        ),
        ingest=_ingest(offsets.commits.get(INGEST_GROUP, {})),
        provisional_vs_final=_provisional_vs_final(view),
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
        lag_seconds=offsets.lag_seconds.get((group, topic)),
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


def _provisional_vs_final(view: View) -> ProvisionalVsFinal:
    bars: dict[datetime, list[Bar]] = {}
    for windows in view.bars.values():
        for start, bar in windows.items():
            bars.setdefault(start, []).append(bar)
    newest = sorted(bars, reverse=True)[:SHOWN_WINDOWS]
    total = view.bar_check.total
    return ProvisionalVsFinal(
        total=BarTally(equal=total.equal, different=total.different, corrected=total.corrected),
        windows=tuple(
            _window(start, bars[start], view.bar_check.windows.get(start, Tally())) for start in newest
        ),
    )


def _window(start: datetime, bars: Iterable[Bar], tally: Tally) -> WindowTally:
    by_status = Counter(bar.status for bar in bars)
    return WindowTally(
        window_start=start,
        forming=by_status["forming"],
        provisional=by_status["provisional"],
        final=by_status["final"],
        equal=tally.equal,
        different=tally.different,
        corrected=tally.corrected,
    )
