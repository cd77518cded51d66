"""Tracing into memory, so that a test sees the spans that a collector would get."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.spans import Spans
from chassis.tracing import trace_with


class TracedService:
    """A service whose sampled spans are kept."""

    def __init__(self, sample: float) -> None:
        self._exporter = InMemorySpanExporter()
        self.spans = Spans("tested", "1.2.3", sample, self._exporter)

    def finished(self) -> list[ReadableSpan]:
        """The spans in the order of their beginnings; what begins later is not kept any more."""
        self.spans.close()
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)


@contextmanager
def tracing(sample: float = 1.0) -> Iterator[TracedService]:
    """Trace this share of what happens in the block."""
    service = TracedService(sample)
    trace_with(service.spans)
    try:
        yield service
    finally:
        trace_with(None)
        service.spans.close()


def ids_of(span: ReadableSpan) -> tuple[int, int]:
    """Trace and span id."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id
