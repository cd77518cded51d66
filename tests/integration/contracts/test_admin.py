"""Topics on a real broker: created from the contracts, left alone when right, put right when not."""

from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from contracts import topics
from contracts.admin import TopicConflict, create_topics

pytestmark = pytest.mark.integration


def settings_of(bootstrap: str, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    (future,) = admin.describe_configs([resource]).values()
    return {name: entry.value for name, entry in future.result(10).items()}


def test_every_topic_is_created_as_its_contract_says_and_a_second_time_nothing_changes(kafka):
    create_topics(kafka)
    assert {change.action for change in create_topics(kafka)} == {"unchanged"}
    existing = AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=10).topics
    assert {topic.name: len(existing[topic.name].partitions) for topic in topics.ALL} == {
        topic.name: topic.partitions for topic in topics.ALL
    }
    positions = settings_of(kafka, topics.POSITIONS.name)
    assert (positions["cleanup.policy"], positions["retention.ms"]) == ("compact", "-1")
    assert settings_of(kafka, topics.TICKS_RAW.name)["retention.ms"] == "86400000"


def test_settings_and_partitions_that_differ_are_put_right(kafka, topic_name):
    mine = replace(topics.TICKS, name=topic_name, partitions=2, retention_ms=1000)
    (created,) = create_topics(kafka, [mine])
    assert created.action == "created"
    (altered,) = create_topics(kafka, [replace(mine, partitions=3, retention_ms=2000)])
    assert altered.action == "altered"
    assert altered.detail == "retention.ms 1000 -> 2000, partitions 2 -> 3"
    assert settings_of(kafka, topic_name)["retention.ms"] == "2000"
    (unchanged,) = create_topics(kafka, [replace(mine, partitions=3, retention_ms=2000)])
    assert unchanged.action == "unchanged"


def test_a_compacted_topic_does_not_get_more_partitions(kafka, topic_name):
    mine = replace(topics.PORTFOLIOS, name=topic_name)
    create_topics(kafka, [mine])
    with pytest.raises(TopicConflict, match="away from their history"):
        create_topics(kafka, [replace(mine, partitions=6)])
