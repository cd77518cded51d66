"""The AsyncAPI document is whole: the parts version 3 asks for are there and every reference resolves."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contract_tools.model import ROOT, read_topics

DOCUMENT: dict[str, Any] = json.loads((ROOT / "asyncapi.json").read_text())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(reference: str) -> Any:
    node = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_has_what_version_3_requires():
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(DOCUMENT["info"])
    assert all({"host", "protocol"} <= set(server) for server in DOCUMENT["servers"].values())


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_every_reference_resolves(reference):
    assert resolve(reference)


def test_every_topic_is_a_channel_with_its_message():
    assert set(DOCUMENT["channels"]) == {topic.topic for topic in read_topics()}
    for address, channel in DOCUMENT["channels"].items():
        assert channel["address"] == address
        assert len(channel["messages"]) == 1


def test_every_operation_names_a_channel_and_a_message_of_that_channel():
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(channel + "/messages/") for message in operation["messages"])


def test_every_service_that_speaks_has_an_operation():
    speaking = {
        (name, action, topic.topic)
        for topic in read_topics()
        for action, names in (("send", topic.producers), ("receive", topic.consumers))
        for name in names
    }
    told = {
        (operation["tags"][0]["name"], operation["action"], operation["channel"]["$ref"].split("/")[-1])
        for operation in DOCUMENT["operations"].values()
    }
    assert told == speaking
