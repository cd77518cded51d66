"""An event of an unknown symbol is refused; once it is known, the dead letter is replayed and counts."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from chassis.table import read_table
from contracts import Tick, Topic, topics
from contracts.admin import create_topics
from contracts.codec import decoder
from tapeline_cli.app import app
from tapeline_cli.progress import Offsets, wait_taken_in
from testkit.waiting import eventually

pytestmark = pytest.mark.integration


@pytest.fixture
def ingestor(kafka: str, tmp_path: Path, child_environment: dict[str, str]) -> Iterator[None]:
    create_topics(kafka)
    environment = child_environment | {"TAPELINE_KAFKA": kafka, "TAPELINE_STATE_DIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "tick_ingestor"], env=environment)
    yield
    process.terminate()
    assert process.wait(15) == 0


@pytest.mark.usefixtures("ingestor")
def test_a_dead_letter_counts_once_its_symbol_is_known(kafka, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    (home / "client.json").write_text(
        json.dumps({"api_url": "", "api_key": "", "kafka": kafka, "postgres": os.devnull})
    )
    monkeypatch.setenv("TAPELINE_HOME", str(home))
    symbol = f"N{uuid.uuid4().hex[:6]}".upper()
    event = {"symbol": symbol, "ts_event": "2025-09-24T14:32:10Z", "price": 1.5, "currency": "USD"}
    event |= {"exchange": "NASDAQ", "volume": 10, "source": "journey", "seq": 1}
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topics.TICKS_RAW.name, json.dumps(event).encode(), key=symbol.encode())
    assert producer.flush(10) == 0

    def command(*arguments: str) -> Any:
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)

    def taken_in(group: str, topic: Topic) -> None:
        offsets = Offsets(kafka)
        wait_taken_in(offsets, {group: offsets.ends([topic])}, 30)

    def ticks() -> list[Tick]:
        decoded = [
            decoder(Tick).decode(record.value)
            for record in read_table(kafka, topics.TICKS.name)
            if record.value and symbol.encode() in record.value
        ]
        return [tick for tick in decoded if tick.symbol == symbol]

    listed = eventually(lambda: (found := command("dlq", "list", "--symbol", symbol))["total"] and found)
    assert [one["reason"] for one in listed["reasons"]] == ["unknown_symbol"]
    assert ticks() == []

    instruments = tmp_path / "new.csv"
    instruments.write_text(
        f"symbol,name,asset_class,currency,exchange\n{symbol},New listing,equity,USD,XNAS\n"
    )
    command("load", "instruments", str(instruments), "--wait", "0")
    taken_in("tick-ingestor.reference", topics.INSTRUMENTS)
    assert command("dlq", "replay", "--symbol", symbol)["replayed"] == 1
    (tick,) = eventually(ticks)
    assert (tick.tick_id, tick.price_e8) == (f"journey/{symbol}/1", 150_000_000)

    assert command("dlq", "replay", "--symbol", symbol, "--again")["replayed"] == 1
    taken_in("tick-ingestor", topics.TICKS_RAW)
    assert len(ticks()) == 1
