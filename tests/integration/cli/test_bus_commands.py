"""`topics`, `dlq` and the waiting of `replay --wait` against a real broker."""

import json
import uuid
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner, Result

from chassis.table import read_table
from contracts import topics
from contracts.codec import rejected_to_headers
from contracts.types import RejectedTick
from tapeline_cli.app import app
from tapeline_cli.bars import wait_for_values
from tapeline_cli.progress import NotTakenIn, Offsets
from tapeline_cli.replay import TICK_GROUPS, wait_for_ticks

pytestmark = pytest.mark.integration


@pytest.fixture
def tapeline(own_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command against the broker, as if `up` had written client.json."""
    home = tmp_path / "home"
    home.mkdir()
    client = {"api_url": "", "api_key": "", "kafka": own_kafka, "postgres": ""}
    (home / "client.json").write_text(json.dumps(client))
    monkeypatch.setenv("TAPELINE_HOME", str(home))

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, (result.output, result.exception)
        return result

    return run


def send_letter(bootstrap: str, symbol: str, value: bytes) -> None:
    rejected = RejectedTick(
        reason="unknown_symbol",
        message=f"symbol {symbol} is not in the instrument master",
        topic=topics.TICKS_RAW.name,
        partition=3,
        offset=1,
        timestamp_us=1,
        service="tick-ingestor",
        failed_at_us=1_700_000_000_000_000,
    )
    producer = Producer({"bootstrap.servers": bootstrap})
    headers = [("trace", b"\x01"), *rejected_to_headers(rejected)]
    producer.produce(topics.TICKS_REJECTED.name, value, key=symbol.encode(), partition=3, headers=headers)
    assert producer.flush(10) == 0


def commit(bootstrap: str, group: str, places: dict[tuple[str, int], int]) -> None:
    """As a consumer of the group would; an answer is waited for, but not for ever."""
    offsets = [TopicPartition(topic, number, offset) for (topic, number), offset in places.items()]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    request = [ConsumerGroupTopicPartitions(group, offsets)]
    (future,) = admin.alter_consumer_group_offsets(request, request_timeout=30).values()
    future.result(30)


def test_dead_letters_are_listed_shown_and_replayed_once(own_kafka, tapeline):
    symbol = f"S{uuid.uuid4().hex[:6]}".upper()
    value = json.dumps({"symbol": symbol, "price": 1}).encode()
    send_letter(own_kafka, symbol, value)

    listed = json.loads(tapeline("dlq", "list", "--symbol", symbol, "--json").stdout)
    assert listed["total"] == 1
    assert [(one["reason"], one["count"]) for one in listed["reasons"]] == [("unknown_symbol", 1)]
    (letter,) = listed["letters"]
    shown = json.loads(tapeline("dlq", "show", letter["id"], "--json").stdout)
    assert (shown["value"], shown["origin"]) == (value.decode(), f"{topics.TICKS_RAW.name} 3/1")

    dry = json.loads(tapeline("dlq", "replay", "--symbol", symbol, "--dry-run", "--json").stdout)
    assert (dry["replayed"], dry["dry_run"]) == (1, True)
    tapeline("dlq", "replay", "--symbol", symbol)
    assert "replayed 0 dead letters; 1 were replayed" in tapeline("dlq", "replay", "--symbol", symbol).stdout

    (raw,) = [record for record in read_table(own_kafka, topics.TICKS_RAW.name) if record.value == value]
    assert (raw.partition, raw.key) == (3, symbol.encode())
    assert raw.headers == [("trace", b"\x01"), ("dlq.replayed_from", letter["id"].encode())]


def test_topics_show_records_and_lag(own_kafka, tapeline):
    offsets = Offsets(own_kafka)
    producer = Producer({"bootstrap.servers": own_kafka})
    producer.produce(topics.BARS.name, b"{}", partition=0)
    assert producer.flush(10) == 0
    commit(own_kafka, "valuation", offsets.ends([topics.BARS]))
    producer.produce(topics.BARS.name, b"{}", partition=0)
    assert producer.flush(10) == 0

    states = {one["topic"]: one for one in json.loads(tapeline("topics", "--json").stdout)["topics"]}
    assert set(states) == {topic.name for topic in topics.ALL if topic.lifecycle == "live"}
    bars = states[topics.BARS.name]
    assert bars["partitions"] == topics.BARS.partitions
    assert {"group": "valuation", "lag": 1, "started": True} in bars["groups"]
    assert topics.BARS.name in tapeline("topics").stdout


def test_waiting_ends_when_ingestor_bronze_and_valuation_have_committed(own_kafka):
    offsets = Offsets(own_kafka)
    producer = Producer({"bootstrap.servers": own_kafka})
    producer.produce(topics.TICKS_RAW.name, b"{}", partition=0)
    producer.produce(topics.TICKS.name, b"{}", partition=1)
    assert producer.flush(10) == 0

    with pytest.raises(NotTakenIn, match="tick-ingestor has"):
        wait_for_ticks(offsets, 0.1, lambda done, total: None)
    commit(own_kafka, "tick-ingestor", offsets.ends([topics.TICKS_RAW]))
    commit(own_kafka, TICK_GROUPS[0], offsets.ends([topics.TICKS]))
    with pytest.raises(NotTakenIn, match="valuation has"):
        wait_for_ticks(offsets, 0.1, lambda done, total: None)
    commit(own_kafka, TICK_GROUPS[1], offsets.ends([topics.TICKS]))
    wait_for_ticks(offsets, 5, lambda done, total: None)


def test_bars_are_valued_when_valuation_has_committed_them(own_kafka):
    offsets = Offsets(own_kafka)
    producer = Producer({"bootstrap.servers": own_kafka})
    producer.produce(topics.BARS.name, b"{}", partition=2)
    assert producer.flush(10) == 0

    with pytest.raises(NotTakenIn, match="valuation has"):
        wait_for_values(offsets, 0.1, lambda done, total: None)
    commit(own_kafka, "valuation", offsets.ends([topics.BARS]))
    wait_for_values(offsets, 5, lambda done, total: None)
