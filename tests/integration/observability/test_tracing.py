"""Services with a collector on a real broker: what one makes leads back to what it was made from."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from chassis.bus import Output
from chassis.kafka import Publisher, new_producer
from chassis.table import read_table
from contracts import Bar, topics
from contracts.admin import create_topics
from contracts.codec import decoder, encode
from local_stack.waiting import wait_until
from testkit import embedded
from testkit.builders import make_instrument, make_portfolio, make_position
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
    """Takes OTLP over HTTP, as far as a test needs it: each span with its service."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    told = {one.key: one.value.string_value for one in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        spans.extend((told["service.name"], span) for span in scope.spans)
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


def send_book_and_events(bootstrap: str) -> None:
    publisher = Publisher(new_producer(bootstrap, "test"))
    publisher.send(Output(topics.INSTRUMENTS.name, encode(make_instrument("IBM")), b"IBM"))
    publisher.send(Output(topics.PORTFOLIOS.name, encode(make_portfolio("P")), b"P"))
    position = make_position("P", "IBM", "10", "180")
    publisher.send(Output(topics.POSITIONS.name, encode(position), topics.POSITIONS.key_of(position)))
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


def parents_on(bootstrap: str, topic: str) -> set[bytes]:
    """The spans that the messages of a topic came out of, as far as they were sampled."""
    records = read_table(bootstrap, topic)
    headers = [dict(record.headers or []).get("traceparent") for record in records]
    return {bytes.fromhex(header.decode().split("-")[2]) for header in headers if header is not None}


def has_whole_bar(bootstrap: str) -> bool:
    bars = (decoder(Bar).decode(one.value or b"") for one in read_table(bootstrap, topics.BARS.name))
    return any(bar.trades == EVENTS for bar in bars)


def ids(spans: list[Span]) -> set[bytes]:
    return {span.span_id for span in spans}


def links(spans: list[Span]) -> set[bytes]:
    return {link.span_id for span in spans for link in span.links}


def total(spans: list[Span], name: str) -> int:
    """The sum of an attribute."""
    return sum(one.value.int_value for span in spans for one in span.attributes if one.key == name)


@pytest.fixture
def spans(
    broker: str, collector: Collector, fresh_postgres: str, tmp_path: Path, child_environment: dict[str, str]
) -> dict[tuple[str, str], list[Span]]:
    """Spans by service and name, after some events went all the way to risk and to a bar.

    Only the first service samples of its own accord: what the others have is there because of it.
    """
    send_book_and_events(broker)
    settings = {
        **child_environment,
        "TAPELINE_KAFKA": broker,
        "TAPELINE_POSTGRES": fresh_postgres,
        "TAPELINE_STATE_DIR": str(tmp_path),
        "TAPELINE_OTLP_ENDPOINT": collector.endpoint,
    }

    def start(name: str, sample: str, *program: str) -> ChildProcess:
        own = {**settings, "TAPELINE_TRACE_SAMPLE": sample}
        return ChildProcess(name, [sys.executable, *program], tmp_path / f"{name}.log", own)

    running = [
        start("tick-ingestor", "1", "-m", "tick_ingestor"),
        start("bar-aggregator", "0", "-c", LIVE_PATH),
        start("valuation", "0", "-m", "valuation"),
        start("risk", "0", "-m", "risk"),
    ]
    try:
        seen = wait_until(lambda: has_whole_bar(broker) and bool(parents_on(broker, topics.RISK.name)), 120)
    finally:
        # An orderly end sends what was not sent yet.
        codes = [process.stop(timeout_seconds=60) for process in running]
    assert (seen, codes) == (True, [0] * 4), [process.log_tail() for process in running]
    found: dict[tuple[str, str], list[Span]] = {}
    for service, one in collector.spans:
        found.setdefault((service, one.name), []).append(one)
    return found


def test_bars_and_risk_lead_back_over_all_services_to_the_ticks(
    broker: str, spans: dict[tuple[str, str], list[Span]]
) -> None:
    taken = spans["tick-ingestor", f"process {topics.TICKS_RAW.name}"]
    barred = spans["bar-aggregator", f"process {topics.TICKS.name}"]
    priced, valued = spans["valuation", "take in"], spans["valuation", "live values"]
    measured = spans["risk", f"process {topics.VALUATIONS.name}"]
    assert len(spans) == 5
    assert total(taken, "tapeline.outputs") == EVENTS
    for batches in (taken, barred):
        assert total(batches, "messaging.batch.message_count") == EVENTS
    assert links(barred) == ids(taken)
    assert ids(taken) <= links(priced) <= ids(taken) | ids(barred)  # valuation reads bars too
    for later, earlier in ((valued, priced), (measured, valued)):
        assert links(later)
        assert links(later) <= ids(earlier)
    for topic, batches in ((topics.BARS, barred), (topics.RISK, measured)):
        assert parents_on(broker, topic.name)
        assert parents_on(broker, topic.name) <= ids(batches)
