"""Rows of reference data and trades -> records on their topic; what is there already is not sent again."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec

from chassis.bus import Output
from chassis.kafka import Publisher, new_producer
from chassis.table import read_table
from contracts import Topic
from contracts.codec import decoder, encode
from tapeline_cli.load.files import Row

Records = dict[bytes, list[msgspec.Struct]]
"""Key -> its records, oldest first."""


def present_records(bootstrap: str, topic: Topic) -> Records:
    """What a topic that is never cut off holds now, by key; a tombstone forgets the earlier records."""
    found: Records = defaultdict(list)
    decode = decoder(topic.record).decode
    for record in read_table(bootstrap, topic.name):
        key = record.key or b""
        if record.value is None:
            found.pop(key, None)
        else:
            found[key].append(decode(record.value))
    return dict(found)


def to_records(topic: Topic, rows: list[Row], recorded_at: datetime) -> Records:
    """The rows as records of the topic, oldest market time first inside a key."""
    records: Records = defaultdict(list)
    for row in rows:
        record = topic.record(**row.values, recorded_at=recorded_at)
        records[topic.key_of(record)].append(record)
    for versions in records.values():
        versions.sort(key=_as_of)
    return dict(records)


def missing_records(wanted: Records, present: Records) -> Records:
    """What has to be sent so that every wanted record is on the topic and the newest of a key comes last.

    All versions of a key are sent again when one is missing: compaction keeps the last one written. A version
    there that is newer than the file's follows once more for the same reason.
    """
    missing: Records = {}
    for key, versions in wanted.items():
        there = present.get(key, [])
        newer = [record for record in there[-1:] if _as_of(record) > _as_of(versions[-1])]
        last = (newer or versions)[-1]
        contents = [_content(record) for record in there]
        if any(_content(record) not in contents for record in versions) or contents[-1] != _content(last):
            missing[key] = versions + newer
    return missing


def new_trades(wanted: Records, present: Records) -> Records:
    """Trades whose id is not on the topic yet: it keeps every record, so the others need not come again."""
    booked = {getattr(record, "trade_id", "") for records in present.values() for record in records}
    fresh = {
        key: [record for record in records if getattr(record, "trade_id", "") not in booked]
        for key, records in wanted.items()
    }
    return {key: records for key, records in fresh.items() if records}


def send(bootstrap: str, topic: Topic, records: Records) -> int:
    """Send all records and wait until the broker has them; PublishError otherwise."""
    publisher = Publisher(new_producer(bootstrap, "tapeline-load"))
    count = 0
    for key, versions in records.items():
        for record in versions:
            publisher.send(Output(topic.name, encode(record), key))
            count += 1
    publisher.flush()
    return count


def _as_of(record: msgspec.Struct) -> datetime:
    """Market time from which a version holds; records without one are equally new."""
    return getattr(record, "as_of", datetime.min.replace(tzinfo=UTC))


def _content(record: msgspec.Struct) -> dict[str, Any]:
    """Everything but our own time: loading a file twice is no change."""
    return {name: value for name, value in msgspec.structs.asdict(record).items() if name != "recorded_at"}
