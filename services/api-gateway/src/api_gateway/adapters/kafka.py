"""aiokafka clients with safe settings: by default the library loses messages and starts at a topic's end."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka_access import aiokafka_options

CLIENT_ID = "api-gateway"


class BrokerSilent(Exception):
    """The broker did not answer or not acknowledge in time; the text says what that leaves."""


def consumer_for(bootstrap: str, group: str | None = None) -> AIOKafkaConsumer:
    """A consumer that never commits by itself and begins at the beginning."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=CLIENT_ID,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=45_000,
        # The broker answers as soon as there is something. But the client leaves partitions out of a fetch
        # until it has handed them over, and those then wait this long for silent ones; less costs idle turns.
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=4 << 20,
        **aiokafka_options(),
    )


def producer_for(bootstrap: str) -> AIOKafkaProducer:
    """A producer whose `send_and_wait` returns when all replicas have the message, once."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=CLIENT_ID,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        request_timeout_ms=15_000,
        **aiokafka_options(),
    )


def admin_for(bootstrap: str) -> AIOKafkaAdminClient:
    return AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id=CLIENT_ID, **aiokafka_options())


async def partitions_of(bootstrap: str, topics: Iterable[str]) -> list[TopicPartition]:
    """All partitions of existing topics. Errors: LookupError for a topic that does not exist."""
    admin = admin_for(bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(sorted(set(topics)))
    finally:
        await admin.close()
    found: list[TopicPartition] = []
    for one in described:
        if one["error_code"] or not one["partitions"]:
            raise LookupError(f"topic {one['topic']} does not exist; `tapeline up` creates it")
        found += [TopicPartition(one["topic"], each["partition"]) for each in one["partitions"]]
    return sorted(found)
