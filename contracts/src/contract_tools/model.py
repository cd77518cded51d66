"""Topic files as typed values: what one may contain, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

ROOT = Path(__file__).resolve().parents[2]
"""The folder `contracts/` of the checkout."""
TOPICS = ROOT / "topics"
EXAMPLES = ROOT / "examples"
HISTORY = ROOT / "history"

AvroType = Any
"""An Avro type in JSON: a name, a list (union) or an object (record, enum, array, map)."""

NAMED = ("record", "enum")


class TopicFileError(ValueError):
    """A topic file breaks the rules; the message names the file and what to change."""


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the Kafka key of a record is made of: field names joined by a slash; null when it is not made by us."""

    field: str | None
    doc: str


class TopicFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One topic: its record in Avro types, who owns, writes and reads it, and how the broker keeps it."""

    topic: str
    description: str
    lifecycle: Literal["live", "declared"]
    owner: str
    producers: list[str]
    consumers: list[str]
    key: Key
    partitions: int
    cleanup_policy: Literal["delete", "compact"]
    retention_ms: int
    compatibility: Literal["FULL_TRANSITIVE"]
    record: dict[str, Any]
    payload: Literal["record", "original-bytes"] = "record"
    record_in: Literal["value", "headers"] = "value"


def read_topic(path: Path) -> TopicFile:
    """The topic file at `path`. Raises TopicFileError when a property is unknown, missing or of the wrong type."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=TopicFile)
    except msgspec.DecodeError as error:
        raise TopicFileError(f"{path.name}: {error}; see TopicFile in contract_tools/model.py") from error


def read_topics(folder: Path = TOPICS) -> list[TopicFile]:
    """All topic files, by name. Raises TopicFileError when a file is not named after its topic."""
    topics = []
    for path in sorted(folder.glob("*.json")):
        topic = read_topic(path)
        if topic.topic != path.stem:
            raise TopicFileError(f"{path.name}: holds topic {topic.topic!r}; rename the file or the topic")
        topics.append(topic)
    return topics


def named_types(avro: AvroType) -> Iterator[dict[str, Any]]:
    """Every record and enum defined in `avro`, inner ones first, so that each is defined before it is used."""
    if isinstance(avro, list):
        for member in avro:
            yield from named_types(member)
    elif isinstance(avro, dict):
        for child in ("items", "values"):
            if child in avro:
                yield from named_types(avro[child])
        for field in avro.get("fields", ()):
            yield from named_types(field["type"])
        if avro["type"] in NAMED:
            yield avro


def collect_types(topics: list[TopicFile]) -> dict[str, dict[str, Any]]:
    """Name -> definition over all topics. Raises TopicFileError when one name is defined in two ways."""
    found: dict[str, dict[str, Any]] = {}
    for topic in topics:
        for definition in named_types(topic.record):
            known = found.setdefault(definition["name"], definition)
            if known != definition:
                raise TopicFileError(
                    f"{topic.topic}.json: {definition['name']} differs from the definition of the same name in another "
                    "topic; make them equal or give it another name"
                )
    return found
