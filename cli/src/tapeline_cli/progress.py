"""Progress of the services as Kafka consumer-group offsets, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    OffsetSpec,  # pyright: ignore[reportPrivateImportUsage]
)

from chassis.kafka_access import librdkafka_options
from contracts import Topic, topics
from local_stack.errors import StackError

Place = tuple[str, int]
"""Topic and partition."""
Target = Mapping[Place, int]
"""Next offset that a group should have reached, per partition."""
OnProgress = Callable[[int, int], None]
"""Called with records taken in so far and records to take in, over all groups."""

REQUEST_TIMEOUT_S = 10.0
POLL_S = 0.1


class NotTakenIn(StackError):
    """A service did not take in what was sent within the time."""


@dataclass(frozen=True)
class Behind:
    """How far one group is from its target."""

    group: str
    missing: int
    wanted: int


# bar-aggregator reads ticks twice, by itself and in Spark, and dead letters in Spark only.
SPARK = "bar-aggregator.bronze"
SPARK_TOPICS = {topics.TICKS: ["bar-aggregator", SPARK], topics.TICKS_REJECTED: [SPARK]}


def groups_of(topic: Topic) -> list[str]:
    """The consumer groups that show how far each consumer of the topic is.

    A service commits its progress as `<service>`; for a reference topic that it reads whole as
    `<service>.reference`. valuation keeps one group for everything.
    """
    is_reference = topic.name.startswith("reference.")
    groups: list[str] = []
    for service in topic.consumers:
        if service == "bar-aggregator" and topic in SPARK_TOPICS:
            groups += SPARK_TOPICS[topic]
        else:
            groups.append(f"{service}.reference" if is_reference and service != "valuation" else service)
    return groups


class Offsets:
    """Asks the broker for ends and committed offsets."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AdminClient(
            {"bootstrap.servers": bootstrap, "client.id": "tapeline-cli", **librdkafka_options()}
        )

    def ends(self, wanted: Iterable[Topic]) -> dict[Place, int]:
        """Next offset to be written of every partition. Raises StackError for a topic that does not exist."""
        return self._listed(self.places(wanted), OffsetSpec.latest())

    def written(self, wanted: Iterable[Topic]) -> dict[Place, int]:
        """The ends of partitions that have records: nobody commits an offset of an empty one."""
        return {place: end for place, end in self.ends(wanted).items() if end}

    def beginnings(self, wanted: Iterable[Topic]) -> dict[Place, int]:
        """Oldest offset kept of every partition."""
        return self._listed(self.places(wanted), OffsetSpec.earliest())

    def committed(self, group: str, places: Iterable[Place]) -> dict[Place, int]:
        """Committed next offset per partition; 0 where nothing is committed."""
        request = ConsumerGroupTopicPartitions(group, [TopicPartition(*place) for place in places])
        (future,) = self._admin.list_consumer_group_offsets(
            [request], request_timeout=REQUEST_TIMEOUT_S
        ).values()
        answers = future.result(REQUEST_TIMEOUT_S).topic_partitions or []
        return {(one.topic, one.partition): max(one.offset, 0) for one in answers}

    def behind(self, group: str, target: Target) -> Behind:
        """How many records of the target the group has not taken in yet."""
        committed = self.committed(group, target)
        missing = sum(max(0, offset - committed.get(place, 0)) for place, offset in target.items())
        return Behind(group, missing, sum(target.values()))

    def places(self, wanted: Iterable[Topic]) -> list[Place]:
        """Every partition of the topics."""
        known = self._admin.list_topics(timeout=REQUEST_TIMEOUT_S).topics
        places: list[Place] = []
        for topic in wanted:
            if topic.name not in known:
                raise StackError(f"topic {topic.name} does not exist", "run `tapeline up`")
            places += [(topic.name, number) for number in known[topic.name].partitions]
        return places

    def _listed(self, places: list[Place], spec: Any) -> dict[Place, int]:
        futures = self._admin.list_offsets(
            {TopicPartition(*place): spec for place in places}, request_timeout=REQUEST_TIMEOUT_S
        )
        return {
            (where.topic, where.partition): future.result(REQUEST_TIMEOUT_S).offset
            for where, future in futures.items()
        }


def wait_taken_in(
    offsets: Offsets,
    targets: Mapping[str, Target],
    timeout_s: float,
    on_progress: OnProgress = lambda done, total: None,
) -> None:
    """Return when every group has committed its target. Raises NotTakenIn naming who is how far behind."""
    starts = {group: offsets.behind(group, target).missing for group, target in targets.items()}
    total = sum(starts.values())
    deadline = time.monotonic() + timeout_s
    while True:
        states = [offsets.behind(group, target) for group, target in targets.items()]
        late = [state for state in states if state.missing]
        on_progress(total - sum(state.missing for state in states), total)
        if not late:
            return
        if time.monotonic() > deadline:
            told = "; ".join(f"{state.group} has {state.missing} records to go" for state in late)
            services = " ".join(dict.fromkeys(state.group.partition(".")[0] for state in late))
            raise NotTakenIn(
                f"not taken in after {timeout_s:.0f} s: {told}",
                f"see `tapeline status` and `tapeline logs {services}`; what was sent stays on Kafka",
            )
        time.sleep(POLL_S)


def consumer_targets(offsets: Offsets, wanted: Iterable[Topic]) -> dict[str, dict[Place, int]]:
    """Group -> target: everything that is on the topics now, for every consumer of each."""
    targets: dict[str, dict[Place, int]] = {}
    for topic in wanted:
        ends = offsets.written([topic])
        for group in groups_of(topic):
            targets.setdefault(group, {}).update(ends)
    return targets
