"""Rules over the topic files: names, keys, people, and that everything derived from them is current."""

import json
import re

import msgspec
import pytest
from msgspec import UNSET

from contract_tools.__main__ import derived_files
from contract_tools.model import (
    TOPICS,
    Enum,
    Record,
    TopicFile,
    TopicFileError,
    collect_types,
    read_topic,
    read_topics,
)
from contracts import topics

ALL = read_topics()
ROOT = TOPICS.parents[1]
OUTSIDE = {"third-party", "cli"}  # they speak on the bus without being a service
NAME = re.compile(r"^(marketdata|portfolio|reference)(\.[a-z]+(-[a-z]+)*)+\.v[1-9]\d*$")

every_topic = pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.topic)


def services() -> set[str]:
    return {path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml")}


@every_topic
def test_is_named_by_domain_noun_and_version(topic: TopicFile):
    assert NAME.match(topic.topic)


@every_topic
def test_key_is_made_of_fields_of_the_record(topic: TopicFile):
    fields = {field.name for field in topic.record.fields}
    if topic.key.field is None:
        assert topic.payload == "original-bytes"
    else:
        assert set(topic.key.field.split("/")) - {"date"} <= fields


@every_topic
def test_has_owner_producer_and_consumer(topic: TopicFile):
    assert topic.producers
    assert topic.consumers
    assert topic.owner not in OUTSIDE


@every_topic
def test_everyone_named_exists(topic: TopicFile):
    assert {topic.owner, *topic.producers, *topic.consumers} <= services() | OUTSIDE


@every_topic
def test_a_compacted_topic_has_a_key_and_no_end(topic: TopicFile):
    if topic.cleanup_policy == "compact":
        assert topic.key.field is not None
        assert topic.retention_ms == -1


@every_topic
def test_a_nullable_field_defaults_to_null_and_names_null_first(topic: TopicFile):
    for definition in collect_types([topic]).values():
        for field in definition.fields if isinstance(definition, Record) else ():
            if isinstance(field.type, list) and "null" in field.type:
                assert field.type[0] == "null", field.name
                assert field.default is None, field.name


@every_topic
def test_everything_is_documented(topic: TopicFile):
    assert topic.description.endswith(".")
    for definition in collect_types([topic]).values():
        if isinstance(definition, Record):
            assert definition.doc
            assert [field.name for field in definition.fields if not field.doc] == []
        else:
            assert isinstance(definition, Enum)
            assert len(set(definition.symbols)) == len(definition.symbols)


@every_topic
def test_a_record_field_needs_a_default_to_be_optional(topic: TopicFile):
    struct = topics.BY_NAME[topic.topic].record
    required = [field.name for field in topic.record.fields if field.default is UNSET]
    assert required == [field.name for field in msgspec.structs.fields(struct) if field.required]


def test_no_service_is_deaf_and_dumb():
    speaking = {name for topic in ALL for name in (*topic.producers, *topic.consumers)}
    assert services() <= speaking


@pytest.mark.parametrize("path", derived_files(), ids=lambda path: path.name)
def test_regeneration_leaves_the_tree_clean(path):
    assert path.read_text() == derived_files()[path], "run `python -m contract_tools` and commit"


def test_an_unknown_property_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({**json.loads((TOPICS / "marketdata.bars.v1.json").read_text()), "ttl": 1}))
    with pytest.raises(TopicFileError, match=r"x\.json: .*ttl"):
        read_topic(path)


def test_one_name_with_two_definitions_is_refused():
    first, second = ALL[0], ALL[1]
    clash = msgspec.structs.replace(second.record, name=first.record.name)
    with pytest.raises(TopicFileError, match="differs from the definition"):
        collect_types([first, msgspec.structs.replace(second, record=clash)])
