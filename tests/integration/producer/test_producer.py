"""Replay and simulation through a real broker, as the processes that people start."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from chassis.bus import Record
from chassis.table import read_table
from contracts import RawTick, topics
from contracts.admin import create_topics
from contracts.codec import decoder
from local_stack.ports import free_port
from testkit import embedded

DATA = Path(__file__).resolve().parents[3] / "data" / "ticks"
TRADES = DATA / "us-equity-trades-2013-10-07.parquet"
QUOTES = DATA / "fx-quotes-2014-05-05.parquet"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def broker(scratch_dir: Path) -> Iterator[str]:
    """A broker of this module's own: what is on the raw topic is what this module sent."""
    with embedded.running_broker(scratch_dir) as (running, _):
        create_topics(running.bootstrap)
        yield running.bootstrap


def environment(broker: str, **more: str) -> dict[str, str]:
    return os.environ | {"TAPELINE_KAFKA": broker, "TAPELINE_LOG_FORMAT": "json"} | more


def producer(broker: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "producer", *map(str, arguments)]
    return subprocess.run(command, env=environment(broker), capture_output=True, text=True, timeout=120)


def replay(broker: str, *arguments: object) -> dict[str, Any]:
    done = producer(broker, "replay", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sent_by(broker: str, source: str) -> list[Record]:
    """Everything on the raw topic whose bytes name the source."""
    marker = f'"source":"{source}'.encode()
    return [one for one in read_table(broker, topics.TICKS_RAW.name) if one.value and marker in one.value]


def test_replay_sends_exactly_the_rows(broker: str) -> None:
    summary = replay(broker, TRADES, "--limit", 20_000, "--source", "slice")
    assert (summary["rows"], summary["sent"]) == (20_000, 20_000)
    records = sent_by(broker, "slice")
    ticks = [decoder(RawTick).decode(record.value or b"") for record in records]
    found = sorted((t.symbol, t.seq, t.ts_event[:23] + "Z", t.price, t.exchange, t.volume) for t in ticks)
    rows = pl.read_parquet(TRADES).head(20_000)
    times = rows["ts_event"].dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    expected = zip(
        rows["symbol"], rows["seq"], times, rows["price"], rows["exchange"], rows["volume"], strict=True
    )
    assert found == sorted(expected)
    assert all(record.key == tick.symbol.encode() for record, tick in zip(records, ticks, strict=True))


def test_one_symbol_stays_in_order(broker: str) -> None:
    replay(broker, QUOTES, "--limit", 5000, "--source", "order")
    by_feed: dict[tuple[str, str | None], list[int | None]] = {}
    for record in sent_by(broker, "order"):
        tick = decoder(RawTick).decode(record.value or b"")
        by_feed.setdefault((tick.symbol, tick.source), []).append(tick.seq)
    assert {source for _, source in by_feed} == {"order/OANDA", "order/FXCM"}
    assert by_feed
    assert all(found == sorted(found, key=lambda seq: seq or 0) for found in by_feed.values())


def test_faults_are_in_addition(broker: str) -> None:
    arguments = ("--shuffle-within", 120, "--duplicate-share", 0.01, "--malformed-share", 0.005, "--seed", 7)
    summary = replay(broker, TRADES, "--limit", 20_000, "--source", "faulty", *arguments)
    assert summary["rows"] == 20_000
    assert 120 < summary["duplicates"] < 280
    assert 50 < summary["malformed"] < 160
    assert summary["sent"] == 20_000 + summary["duplicates"] + summary["malformed"]
    identities: Counter[tuple[str, int]] = Counter()
    for record in sent_by(broker, "faulty"):
        try:
            event = msgspec.json.decode(record.value or b"")
        except msgspec.DecodeError:
            continue
        identities[event["symbol"], event["seq"]] += 1
    rows = pl.read_parquet(TRADES).head(20_000)
    assert set(rows.select("symbol", "seq").iter_rows()) <= set(identities)


def test_retimed_replay_is_paced_and_never_ahead(broker: str) -> None:
    before = datetime.now(UTC)
    arguments = ("--from", "2013-10-07T14:00:00Z", "--to", "2013-10-07T14:00:20Z", "--speed", "20x")
    summary = replay(broker, TRADES, *arguments, "--retime", "now", "--source", "moved")
    records = sent_by(broker, "moved@")
    assert len(records) == summary["rows"] > 100
    for record in records:
        moment = datetime.fromisoformat(decoder(RawTick).decode(record.value or b"").ts_event)
        assert moment >= before
        assert moment.timestamp() * 1e6 <= record.timestamp_us + 50_000


def test_wrong_input_is_one_line_and_exit_code_2(broker: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("symbol,time\nAAPL,1\n")
    for arguments in (
        ["replay", bad],
        ["replay", TRADES, "--speed", "fast"],
        ["replay", tmp_path / "no.csv"],
    ):
        done = producer(broker, *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1


def test_simulation_can_be_repeated(broker: str) -> None:
    arguments = (
        "--start",
        "2026-01-05T15:00:00Z",
        "--seconds",
        4,
        "--speed",
        "max",
        "--seed",
        11,
        "--rate",
        900,
    )
    for _ in range(2):
        done = producer(broker, "simulate", *arguments)
        assert done.returncode == 0, done.stderr
    records = sent_by(broker, "sim-11-")
    by_place: dict[int, list[bytes | None]] = {}
    for record in records:
        by_place.setdefault(record.partition, []).append(record.value)
    assert len(records) == 2 * 4 * 900
    for values in by_place.values():
        half = len(values) // 2
        assert values[:half] == values[half:]


def test_service_serves_health_and_stops_on_sigterm(broker: str) -> None:
    port = free_port()
    settings = {"TAPELINE_HTTP_PORT": str(port), "TAPELINE_SEED": "99", "TAPELINE_RATE": "400"}
    process = subprocess.Popen(
        [sys.executable, "-m", "producer"],
        env=environment(broker, **settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        started = time.monotonic()
        while time.monotonic() - started < 30:
            time.sleep(0.2)
            if is_ready(port):
                break
        time.sleep(1.0)
        body = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
        assert 'tapeline_produced_ticks_total{kind="good"}' in body
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, process.stderr and process.stderr.read()
    finally:
        process.kill()
        process.communicate()
    ticks = [decoder(RawTick).decode(record.value or b"") for record in sent_by(broker, "sim-99-")]
    assert ticks
    first, last = (datetime.fromisoformat(choose(tick.ts_event for tick in ticks)) for choose in (min, max))
    assert len(ticks) == pytest.approx((last - first).total_seconds() * 400, abs=2)


def is_ready(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).status == 200
    except OSError:
        return False
