"""Two services with a collector on a real broker: what the second makes leads back to the first."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from chassis.bus import Output, Record
from chassis.kafka import Publisher, new_producer
from chassis.table import read_table
from contracts import Bar, topics
from contracts.admin import create_topics
from contracts.codec import decoder, encode
from local_stack.waiting import wait_until
from testkit import embedded
from testkit.builders import make_instrument
from testkit.processes import ChildProcess

EVENTS = 5
LIVE_PATH = """
from bar_aggregator.live import HEALTH_NAME, LivePath
from chassis.clock import SystemClock
from chassis.health import Health
from chassis.settings import ServiceSettings
from chassis.shutdown import StopSignal
from chassis.tracing import configure_tracing
settings = ServiceSettings()
configure_tracing("bar-aggregator", "1", settings)
LivePath(settings.kafka, Health(HEALTH_NAME), SystemClock()).run(StopSignal().listen())
"""

pytestmark = pytest.mark.integration


class Collector:
    """Takes OTLP over HTTP, as far as a test needs it: the spans by service."""

    def __init__(self) -> None:
        self.spans: dict[str, list[Span]] = {}
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    told = {one.key: one.value.string_value for one in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        spans.setdefault(told["service.name"], []).extend(scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Exports are not news."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A broker of its own, since topics and groups have fixed names."""
    with embedded.running_broker(tmp_path) as (running, _):
        create_topics(running.bootstrap)
        yield running.bootstrap


def send_events(bootstrap: str) -> None:
    publisher = Publisher(new_producer(bootstrap, "test"))
    publisher.send(Output(topics.INSTRUMENTS.name, encode(make_instrument("IBM")), b"IBM"))
    for seq in range(EVENTS):
        event = {
            "symbol": "IBM",
            "ts_event": "2013-10-07T14:00:00Z",
            "price": "182.05",
            "currency": "USD",
            "exchange": "XNYS",
            "volume": 100,
            "source": "test",
            "seq": seq,
        }
        publisher.send(Output(topics.TICKS_RAW.name, msgspec.json.encode(event), b"IBM"))
    publisher.flush()


def bars_on(bootstrap: str) -> list[Record]:
    return list(read_table(bootstrap, topics.BARS.name))


def is_whole(bar: Record) -> bool:
    return decoder(Bar).decode(bar.value or b"").trades == EVENTS


def numbers(spans: list[Span], name: str) -> int:
    """The sum of an attribute."""
    return sum(one.value.int_value for span in spans for one in span.attributes if one.key == name)


def test_a_bar_leads_back_over_both_services_to_its_ticks(
    broker: str, collector: Collector, tmp_path: Path, child_environment: dict[str, str]
) -> None:
    send_events(broker)
    settings = {**child_environment, "TAPELINE_KAFKA": broker, "TAPELINE_OTLP_ENDPOINT": collector.endpoint}

    def start(name: str, sample: str, *program: str) -> ChildProcess:
        own = {**settings, "TAPELINE_TRACE_SAMPLE": sample}
        return ChildProcess(name, [sys.executable, *program], tmp_path / f"{name}.log", own)

    running = [
        start("tick-ingestor", "1", "-m", "tick_ingestor"),
        start("bar-aggregator", "0", "-c", LIVE_PATH),
    ]
    try:
        seen = wait_until(lambda: any(map(is_whole, bars_on(broker))), 90)
    finally:
        # An orderly end sends what was not sent yet.
        codes = [process.stop(timeout_seconds=60) for process in running]
    assert (seen, codes) == (True, [0, 0]), [process.log_tail() for process in running]

    taken, barred = collector.spans["tick-ingestor"], collector.spans["bar-aggregator"]
    assert {span.name for span in taken} == {f"process {topics.TICKS_RAW.name}"}
    assert {span.name for span in barred} == {f"process {topics.TICKS.name}"}
    for spans in (taken, barred):
        assert numbers(spans, "messaging.batch.message_count") == EVENTS
    assert numbers(taken, "tapeline.outputs") == EVENTS
    # The second service samples nothing of its own accord: it has spans because the first has.
    assert {link.span_id for span in barred for link in span.links} == {span.span_id for span in taken}
    parents = {f"{span.trace_id.hex()}-{span.span_id.hex()}" for span in barred}
    carried = [dict(bar.headers or [])["traceparent"].decode() for bar in bars_on(broker)]
    assert {parent[3:-3] for parent in carried} <= parents
