"""Off, nothing is added; on, batches are spans that link to where their messages came from."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from opentelemetry.trace import StatusCode, format_span_id
from pydantic import ValidationError

from chassis import tracing
from chassis.bus import Headers, Output, Record
from chassis.settings import ServiceSettings
from chassis.spans import LINKS_MAX
from testkit import traces
from testkit.traces import ids_of

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = PARENT[:-1] + b"0"
OUTPUT = Output("out", b"1", b"k", [("schema", b"1")])


Trace = Callable[[float], traces.TracedService]


@pytest.fixture
def trace() -> Iterator[Trace]:
    """Trace a share of what follows; off again after the test."""
    with ExitStack() as stack:
        yield lambda sample: stack.enter_context(traces.tracing(sample))


def record(offset: int, headers: Headers | None = None, partition: int = 0) -> Record:
    return Record("in", partition, offset, b"k", b"v", headers, 0)


def carried_by(outputs: Iterable[Output]) -> list[Headers]:
    return [output.headers or [] for output in outputs]


def test_without_a_collector_nothing_is_made_added_or_looked_at() -> None:
    tracing.configure_tracing("tested", "1", ServiceSettings(kafka="none:1"))
    outputs = [OUTPUT]

    def untouched() -> Iterator[Record]:
        raise AssertionError("a message was looked at")
        yield

    with tracing.batch_span("process in", untouched()):
        tracing.note({"tapeline.outputs": 1})
        assert tracing.carrying(outputs) is outputs
        assert tracing.trace_headers() is None
    assert not tracing.is_traced()


def test_without_a_collector_the_libraries_are_not_even_loaded() -> None:
    program = "import sys, chassis.loop; print(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


@pytest.mark.parametrize("wrong", [{"otlp_endpoint": "collector:4318"}, {"trace_sample": 1.5}])
def test_settings_that_could_not_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(kafka="none:1", **wrong)  # type: ignore[arg-type]


def test_a_span_tells_what_its_batch_was(trace: Trace) -> None:
    traced = trace(1)
    with tracing.batch_span("process in", [record(5), record(9, partition=1), record(7)]):
        tracing.note({"tapeline.outputs": 2})
    [span] = traced.finished()
    assert span.name == "process in"
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.batch.message_count": 3,
        "tapeline.offsets": ("in[0] 5-7", "in[1] 9-9"),
        "tapeline.outputs": 2,
    }
    resource = span.resource.attributes
    assert (resource["service.name"], resource["service.version"]) == ("tested", "1.2.3")


def test_an_exception_is_the_outcome_of_its_batch(trace: Trace) -> None:
    traced = trace(1)
    with pytest.raises(ValueError, match="broken"), tracing.batch_span("process in", [record(1)]):
        raise ValueError("broken")
    [span] = traced.finished()
    assert span.status.status_code is StatusCode.ERROR
    assert span.events[0].name == "exception"


def test_what_a_sampled_batch_sends_leads_back_to_it(trace: Trace) -> None:
    traced = trace(1)
    with tracing.batch_span("first"):
        sent = carried_by(tracing.carrying([OUTPUT, Output("out", b"2")]))
    with tracing.batch_span("second", [record(0, sent[0]), record(1, sent[1])]):
        pass
    first, second = traced.finished()
    added = sent[1][0]
    assert sent == [[("schema", b"1"), added], [added]]
    assert added[0] == "traceparent"
    assert [(link.context.trace_id, link.context.span_id) for link in second.links] == [ids_of(first)]
    assert second.parent is None
    assert ids_of(second)[0] != ids_of(first)[0]


def test_a_batch_out_of_a_sampled_one_is_sampled_and_others_by_the_ratio(trace: Trace) -> None:
    traced = trace(0)
    for name, parents in (("none", []), ("unsampled", [UNSAMPLED]), ("sampled", [UNSAMPLED, PARENT])):
        with tracing.batch_span(name, [record(n, [("traceparent", one)]) for n, one in enumerate(parents)]):
            assert (tracing.trace_headers() is not None) == (name == "sampled")
    assert [span.name for span in traced.finished()] == ["sampled"]


def test_the_ratio_decides_about_batches_from_nowhere(trace: Trace) -> None:
    traced = trace(0.25)
    for _ in range(400):
        with tracing.batch_span("one"):
            pass
    assert 50 < len(traced.finished()) < 160  # 5 standard deviations around 100


def test_links_are_distinct_capped_and_never_of_what_is_no_trace(trace: Trace) -> None:
    traced = trace(1)
    parents = [PARENT.replace(b"b7ad6b7169203331", f"{n:016x}".encode()) for n in range(1, 40)]
    with tracing.batch_span("many", [record(n, [("traceparent", one)]) for n, one in enumerate(parents * 2)]):
        pass
    junk = [("traceparent", b"\xff\x00"), ("traceparent", b"0" * 10_000), ("other", PARENT)]
    with tracing.batch_span("junk", [record(n, [one]) for n, one in enumerate(junk)]):
        pass
    many, without = traced.finished()
    assert [link.context.span_id for link in many.links] == list(range(1, LINKS_MAX + 1))
    assert without.links == ()


def test_a_header_without_a_value_is_no_trace(trace: Trace) -> None:
    traced = trace(1)
    null: Any = [("traceparent", None)]  # the wire allows it, the client's type does not tell
    with tracing.batch_span("null", [record(0, null)]):
        pass
    [span] = traced.finished()
    assert span.links == ()


def test_a_dead_letter_keeps_the_trace_it_came_with(trace: Trace) -> None:
    trace(1)
    letter = Output("dead", b"v", headers=[("traceparent", PARENT)])
    with tracing.batch_span("reject"):
        assert carried_by(tracing.carrying([letter])) == [[("traceparent", PARENT)]]


def test_a_later_batch_can_link_to_a_named_source(trace: Trace) -> None:
    traced = trace(0)
    with tracing.batch_span("values", sources=[PARENT]):
        pass
    [span] = traced.finished()
    assert [format_span_id(link.context.span_id) for link in span.links] == ["b7ad6b7169203331"]


def test_a_request_is_a_child_of_its_caller(trace: Trace) -> None:
    traced = trace(0)
    with tracing.request_span("GET", PARENT) as trace_id:
        tracing.note({"http.route": "/v1/health"}, name="GET /v1/health")
    with tracing.request_span("GET", b"nonsense") as other:
        pass
    [span] = traced.finished()
    assert (trace_id, span.name) == ("0af7651916cd43dd8448eb211c80319c", "GET /v1/health")
    assert len(other) == 32
    assert other != trace_id
