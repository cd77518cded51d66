"""Topic files as typed values: what one may contain, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

ROOT = Path(__file__).resolve().parents[2]
"""The folder `contracts/` of the checkout."""
TOPICS = ROOT / "topics"


class TopicFileError(ValueError):
    """A topic file breaks the rules; the message names the file and what to change."""


class Enum(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="enum"):
    """A closed list of texts."""

    name: str
    symbols: list[str]


class Array(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="array"):
    """Many of one type."""

    items: AvroType


class Map(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="map"):
    """Text -> value."""

    values: AvroType


class Record(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="record"):
    """Named fields."""

    name: str
    doc: str
    fields: list[Field]


Simple: TypeAlias = str | Enum | Array | Map | Record
"""A primitive or an already defined name, or a definition."""
AvroType: TypeAlias = Simple | list[Simple]
"""A simple type, or a union of them."""


class Field(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One field; `logical` says what a string or number stands for."""

    name: str
    type: AvroType
    doc: str
    default: str | int | UnsetType | None = UNSET
    logical: Literal["decimal", "timestamp", "integer"] | None = None


class Key(Struct, frozen=True, forbid_unknown_fields=True):
    """What the Kafka key is made of: field names joined by a slash; null when the key is not made by us."""

    field: str | None
    doc: str


class TopicFile(Struct, frozen=True, forbid_unknown_fields=True):
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
    record: Record
    payload: Literal["record", "original-bytes"] = "record"
    record_in: Literal["value", "headers"] = "value"


def read_topic(path: Path) -> TopicFile:
    """The topic file at `path`. Raises TopicFileError when a property is unknown, missing or mistyped."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=TopicFile)
    except msgspec.DecodeError as error:
        raise TopicFileError(f"{path.name}: {error}; see TopicFile in contract_tools/model.py") from error


def read_topics(folder: Path = TOPICS) -> list[TopicFile]:
    """All topic files, by name. Raises TopicFileError when a file is not named after its topic."""
    topics: list[TopicFile] = []
    for path in sorted(folder.glob("*.json")):
        topic = read_topic(path)
        if topic.topic != path.stem:
            raise TopicFileError(f"{path.name}: holds topic {topic.topic!r}; rename the file or the topic")
        topics.append(topic)
    return topics


def named_types(avro: AvroType) -> Iterator[Record | Enum]:
    """Every record and enum defined in `avro`, inner ones first: each is defined before it is used."""
    match avro:
        case list():
            for member in avro:
                yield from named_types(member)
        case Array(items=inner) | Map(values=inner):
            yield from named_types(inner)
        case Record(fields=fields):
            for field in fields:
                yield from named_types(field.type)
            yield avro
        case Enum():
            yield avro
        case _:
            pass


def collect_types(topics: list[TopicFile]) -> dict[str, Record | Enum]:
    """Name -> definition over all topics. Raises TopicFileError when one name is defined in two ways."""
    found: dict[str, Record | Enum] = {}
    for topic in topics:
        for definition in named_types(topic.record):
            if found.setdefault(definition.name, definition) != definition:
                raise TopicFileError(
                    f"{topic.topic}.json: {definition.name} differs from the definition of the same name in "
                    "another topic; make them equal or give it another name"
                )
    return found
