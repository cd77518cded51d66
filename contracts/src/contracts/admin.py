"""Brings the topics of a broker in line with the contracts: creates what is missing, alters what differs."""

# pyright: reportPrivateImportUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false
# (the client's stubs leave its admin classes untyped)

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from contracts import topics
from contracts.topic import Topic

# Readers of a compacted topic start at its beginning. The broker compacts closed segments only, by default
# after 1 GiB or 7 days, so that a busy topic would be read almost uncompacted.
COMPACTED = {"segment.bytes": "16777216", "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.2"}

BROKER_DEFAULT = -1
TIMEOUT_S = 30.0


class TopicConflict(RuntimeError):
    """The broker has a topic that cannot be brought in line without losing order or data."""


@dataclass(frozen=True, slots=True)
class TopicChange:
    """What was done to one topic; `detail` says what was altered, for a person."""

    topic: str
    action: Literal["created", "altered", "unchanged"]
    detail: str = ""


def create_topics(
    bootstrap: str, wanted: Iterable[Topic] = topics.ALL, timeout_s: float = TIMEOUT_S
) -> list[TopicChange]:
    """Make the broker's topics match `wanted`; a second call changes nothing. Other topics are left alone.

    The replication factor is the broker's default. Raises TopicConflict when a compacted topic has too few
    partitions, KafkaException when the broker does not answer or refuses.
    """
    wanted = list(wanted)
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    existing = admin.list_topics(timeout=timeout_s).topics
    created = _create(admin, [topic for topic in wanted if topic.name not in existing], timeout_s)
    changes = {name: TopicChange(name, "created") for name in created}
    present = [topic for topic in wanted if topic.name not in created]
    partitions = {
        topic.name: len(existing[topic.name].partitions) for topic in present if topic.name in existing
    }
    altered = _alter_configs(admin, present, timeout_s)
    grown = _add_partitions(admin, present, partitions, timeout_s)
    for topic in present:
        details = altered.get(topic.name, []) + grown.get(topic.name, [])
        changes[topic.name] = TopicChange(
            topic.name, "altered" if details else "unchanged", ", ".join(details)
        )
    return [changes[topic.name] for topic in wanted]


def topic_config(topic: Topic) -> dict[str, str]:
    """The broker settings of one topic."""
    config = {"cleanup.policy": topic.cleanup_policy, "retention.ms": str(topic.retention_ms)}
    return config | COMPACTED if topic.cleanup_policy == "compact" else config


def _create(admin: AdminClient, missing: list[Topic], timeout_s: float) -> set[str]:
    if not missing:
        return set()
    new = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=BROKER_DEFAULT,
            config=topic_config(topic),
        )
        for topic in missing
    ]
    created: set[str] = set()
    for name, future in admin.create_topics(new, operation_timeout=timeout_s).items():
        # Two `up` at once are harmless: whoever comes second finds the topic there.
        if _done(future, timeout_s, harmless=KafkaError.TOPIC_ALREADY_EXISTS):
            created.add(name)
    _wait_for_leaders(admin, missing, timeout_s)
    return created


def _wait_for_leaders(admin: AdminClient, made: list[Topic], timeout_s: float) -> None:
    """A topic exists a moment before its partitions answer; whoever uses it at once would fail."""
    waiting = {(topic.name, number) for topic in made for number in range(topic.partitions)}
    deadline = time.monotonic() + timeout_s
    while waiting:
        question = {TopicPartition(*place): OffsetSpec.earliest() for place in waiting}
        for place, future in admin.list_offsets(question).items():
            error = future.exception(timeout_s)
            if error is None:
                waiting.discard((place.topic, place.partition))
            elif time.monotonic() > deadline:
                raise error
        time.sleep(0.05 if waiting else 0)


def _alter_configs(admin: AdminClient, present: list[Topic], timeout_s: float) -> dict[str, list[str]]:
    if not present:
        return {}
    resources = {topic.name: ConfigResource(ResourceType.TOPIC, topic.name) for topic in present}
    futures = admin.describe_configs(list(resources.values()))
    actual = {resource.name: future.result(timeout_s) for resource, future in futures.items()}
    details: dict[str, list[str]] = {}
    requests: list[ConfigResource] = []
    for topic in present:
        wrong = {
            name: value
            for name, value in topic_config(topic).items()
            if actual[topic.name][name].value != value
        }
        if wrong:
            details[topic.name] = [
                f"{name} {actual[topic.name][name].value} -> {value}" for name, value in wrong.items()
            ]
            requests.append(_alteration(topic.name, wrong))
    if requests:
        for future in admin.incremental_alter_configs(requests).values():
            _done(future, timeout_s)
    return details


def _alteration(topic: str, values: dict[str, str]) -> ConfigResource:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in values.items()
    ]
    return ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)


def _add_partitions(
    admin: AdminClient, present: list[Topic], actual: dict[str, int], timeout_s: float
) -> dict[str, list[str]]:
    short = [topic for topic in present if actual.get(topic.name, topic.partitions) < topic.partitions]
    for topic in short:
        if topic.cleanup_policy == "compact":
            raise TopicConflict(
                f"{topic.name} has {actual[topic.name]} partitions, the contract wants {topic.partitions}; "
                "more would move keys away from their history, so copy the topic to a new one instead"
            )
    if short:
        requests = [NewPartitions(topic.name, topic.partitions) for topic in short]
        for future in admin.create_partitions(requests, operation_timeout=timeout_s).values():
            _done(future, timeout_s)
    return {topic.name: [f"partitions {actual[topic.name]} -> {topic.partitions}"] for topic in short}


def _done(future: Future[Any], timeout_s: float, harmless: int | None = None) -> bool:
    """Wait for an admin request. False when it failed with the harmless code; other failures are raised."""
    try:
        future.result(timeout_s)
    except KafkaException as error:
        if harmless is not None and error.args[0].code() == harmless:
            return False
        raise
    return True
