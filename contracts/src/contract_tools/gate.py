"""FULL_TRANSITIVE compatibility: every version of a record reads what every other version wrote.

Schema resolution is fastavro's. It judges data, not schemas, so each writer is asked for values that cover
every union branch, every enum symbol, and empty and filled containers.
"""
# pyright: reportUnknownVariableType=false
# (fastavro's functions are partly untyped)

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, cast

import msgspec
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.types import Schema

from contract_tools.model import ROOT, Array, AvroType, Enum, Map, Record

HISTORY = ROOT / "history"
SAMPLES: dict[str, list[Any]] = {
    "string": ["text"],
    "int": [7],
    "long": [1 << 40],
    "double": [0.5],
    "boolean": [True, False],
    "null": [None],
}


class Incompatible(ValueError):
    """A changed record cannot live under the old topic name; the message lists every conflict."""


def without_docs(record: Record) -> Record:
    """The record with every doc emptied: words may change without making a new version."""
    return msgspec.convert(_strip(msgspec.to_builtins(record)), Record)


def read_versions(topic: str, history: Path = HISTORY) -> dict[int, Record]:
    """Version number -> record, oldest first; empty for a topic without history."""
    paths = sorted((history / topic).glob("*.json"), key=lambda path: int(path.stem))
    return {int(path.stem): msgspec.json.decode(path.read_bytes(), type=Record) for path in paths}


def next_version(topic: str, record: Record, history: Path = HISTORY) -> int | None:
    """The number under which `record` must be kept, None when it is the newest version already.

    Raises Incompatible when it conflicts with any earlier version.
    """
    versions = read_versions(topic, history)
    current = without_docs(record)
    if not versions:
        return 1
    if current == versions[max(versions)]:
        return None
    problems = [text for number, past in versions.items() for text in conflicts(past, current, number)]
    if problems:
        raise Incompatible(
            f"{topic}: the changed record conflicts with its past:\n  "
            + "\n  ".join(problems)
            + "\nGive added fields a default, remove only fields with one; else start topic .v2"
        )
    return max(versions) + 1


def conflicts(past: Record, current: Record, number: int) -> list[str]:
    """What stands against `past` (version `number`) and `current` living side by side; empty when nothing."""
    problems = [f"version {number} to current: {text}" for text in _unreadable(past, current)]
    problems += [f"current to version {number}: {text}" for text in _unreadable(current, past)]
    meanings = {field.name: field.logical for field in past.fields}
    for field in current.fields:
        if meanings.get(field.name, field.logical) != field.logical:
            problems.append(f"field {field.name}: logical {meanings[field.name]} became {field.logical}")
    return problems


def schema_of(record: Record) -> Schema:
    """The record as a parsed Avro schema."""
    return parse_schema(msgspec.to_builtins(record))


def write(record: Record, value: dict[str, Any]) -> bytes:
    """Avro bytes of one value; a missing field takes its default."""
    out = io.BytesIO()
    schemaless_writer(out, schema_of(record), value)
    return out.getvalue()


def read(data: bytes, writer: Record, reader: Record) -> Any:
    """The value as `reader` sees it. Raises fastavro's errors when it cannot."""
    return schemaless_reader(io.BytesIO(data), schema_of(writer), schema_of(reader))


def golden_lines(record: Record) -> str:
    """Avro bytes in hex of the covering values, a line each: what this version is known to have written."""
    return "".join(write(record, value).hex() + "\n" for value in covering_values(record))


def covering_values(avro: AvroType, known: dict[str, AvroType] | None = None) -> list[Any]:
    """Values of a type that together take every branch, symbol and container state at least once."""
    known = {} if known is None else known
    match avro:
        case list():
            return [value for member in avro for value in covering_values(member, known)]
        case Enum():
            known[avro.name] = avro
            return list(avro.symbols)
        case Array():
            return [[], *([value] for value in covering_values(avro.items, known))]
        case Map():
            return [{}, *({"key": value} for value in covering_values(avro.values, known))]
        case Record():
            known[avro.name] = avro
            return _covering_records(avro, known)
        case _:
            return SAMPLES[avro] if avro in SAMPLES else covering_values(known[avro], known)


def _covering_records(record: Record, known: dict[str, AvroType]) -> list[Any]:
    choices = {field.name: covering_values(field.type, known) for field in record.fields}
    base = {name: values[0] for name, values in choices.items()}
    return [base, *({**base, name: value} for name, values in choices.items() for value in values[1:])]


def _unreadable(writer: Record, reader: Record) -> list[str]:
    problems: dict[str, None] = {}  # as an ordered set: many values fail for one reason
    for value in covering_values(writer):
        try:
            read(write(writer, value), writer, reader)
        except Exception as error:  # fastavro raises several unrelated types
            problems[f"{type(error).__name__}: {error}"] = None
    return list(problems)


def _strip(value: Any) -> Any:
    match value:
        case dict():
            fields = cast(dict[str, Any], value)
            return {name: "" if name == "doc" else _strip(inner) for name, inner in fields.items()}
        case list():
            return [_strip(inner) for inner in cast(list[Any], value)]
        case _:
            return value
