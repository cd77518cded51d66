"""Example messages: `contracts/examples/<topic>/<name>.json`, used by the tests of every service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from contract_tools.model import ROOT
from contracts import topics
from contracts.codec import rejected_from_headers
from contracts.topic import Topic

EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Example:
    """One message as it lies on the topic, and the value its record describes."""

    topic: Topic
    name: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
    record: dict[str, Any]


def read_examples(folder: Path = EXAMPLES) -> Iterator[Example]:
    """Every example of every topic. Raises KeyError for a folder that is no topic."""
    for path in sorted(folder.glob("*/*.json")):
        topic = topics.BY_NAME[path.parent.name]
        yield _dead_letter(topic, path) if topic.record_in == "headers" else _message(topic, path)


def _message(topic: Topic, path: Path) -> Example:
    value = path.read_bytes()
    record = msgspec.json.decode(value, type=topic.record)
    return Example(topic, path.stem, topic.key_of(record), value, [], msgspec.json.decode(value))


def _dead_letter(topic: Topic, path: Path) -> Example:
    """A dead letter is written down as {"key", "headers", "value"}: its value is not ours to describe."""
    content = msgspec.json.decode(path.read_bytes())
    headers = [(name, text.encode()) for name, text in content["headers"].items()]
    record = msgspec.to_builtins(rejected_from_headers(headers))
    key = None if content["key"] is None else content["key"].encode()
    return Example(topic, path.stem, key, content["value"].encode(), headers, record)
