"""FULL_TRANSITIVE: every kept version of a record and the present one read each other."""

import msgspec
import pytest

from contract_tools import gate
from contract_tools.examples import read_examples
from contract_tools.model import Enum, Field, Record, TopicFile, read_topics

ALL = read_topics()
VERSIONS = [
    (topic, number, record) for topic in ALL for number, record in gate.read_versions(topic.topic).items()
]

every_version = pytest.mark.parametrize(
    ("topic", "number", "past"), VERSIONS, ids=[f"{topic.topic}-{number}" for topic, number, _ in VERSIONS]
)


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.topic)
def test_the_present_record_is_kept_as_the_newest_version(topic: TopicFile):
    versions = gate.read_versions(topic.topic)
    assert list(versions) == list(range(1, len(versions) + 1))
    assert versions[len(versions)] == gate.without_docs(topic.record)


@every_version
def test_every_version_and_the_present_one_read_each_other(topic: TopicFile, number: int, past: Record):
    assert gate.conflicts(past, gate.without_docs(topic.record), number) == []


@every_version
def test_golden_bytes_of_every_version_are_still_read(topic: TopicFile, number: int, past: Record):
    lines = (gate.HISTORY / topic.topic / f"{number}.golden").read_text().split()
    assert lines == gate.golden_lines(past).split(), "a version that was kept must never be edited"
    for line in lines:
        gate.read(bytes.fromhex(line), past, topic.record)


@pytest.mark.parametrize("example", list(read_examples()), ids=lambda e: f"{e.topic.name}/{e.name}")
def test_every_example_is_valid_avro(example):
    record = next(topic.record for topic in ALL if topic.topic == example.topic.name)
    data = gate.write(record, example.record)
    assert gate.write(record, gate.read(data, record, record)) == data


BASE = Record(
    name="R",
    doc="",
    fields=[
        Field(name="a", type="string", doc=""),
        Field(name="b", type=["null", "long"], doc="", default=None),
        Field(name="c", type=Enum(name="E", symbols=["x", "y"]), doc=""),
    ],
)


def changed(*fields: Field) -> Record:
    return Record(name="R", doc="", fields=list(fields))


A, B, C = BASE.fields


@pytest.mark.parametrize(
    "record",
    [
        changed(A, C),
        changed(A, B, C, Field(name="d", type=["null", "string"], doc="", default=None)),
        changed(C, B, A),
    ],
    ids=["optional-removed", "optional-added", "reordered"],
)
def test_a_harmless_change_passes(record):
    assert gate.conflicts(BASE, record, 1) == []


@pytest.mark.parametrize(
    "record",
    [
        changed(B, C),
        changed(A, B, C, Field(name="d", type="string", doc="")),
        changed(Field(name="a", type="long", doc=""), B, C),
        changed(A, Field(name="b", type="long", doc=""), C),
        changed(A, B, Field(name="c", type=Enum(name="E", symbols=["x", "y", "z"]), doc="")),
        changed(A, B, Field(name="c", type=Enum(name="E", symbols=["x"]), doc="")),
        changed(Field(name="a", type="string", doc="", logical="decimal"), B, C),
        changed(Field(name="a2", type="string", doc=""), B, C),
    ],
    ids=[
        "required-removed",
        "required-added",
        "type-changed",
        "null-forbidden",
        "symbol-added",
        "symbol-removed",
        "meaning-changed",
        "renamed",
    ],
)
def test_a_breaking_change_is_found(record):
    assert gate.conflicts(BASE, record, 1)


def test_a_breaking_change_stops_the_generator_with_what_to_do(tmp_path):
    folder = tmp_path / "t.v1"
    folder.mkdir()
    (folder / "1.json").write_bytes(msgspec.json.encode(BASE))
    assert gate.next_version("t.v1", BASE, tmp_path) is None
    assert gate.next_version("t.v1", changed(A, C), tmp_path) == 2
    with pytest.raises(gate.Incompatible, match=r"t\.v1.*\n.*\n.*default"):
        gate.next_version("t.v1", changed(B, C), tmp_path)
