"""Spans by OpenTelemetry. Imported only when there is a collector to send them to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState, format_trace_id, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from chassis.tracing import TRACEPARENT, Message

LINKS_MAX = 16
EXPORT_TIMEOUT_S = 2.0
"""A collector that does not answer must not hold the end of a process for longer."""
Attribute = str | int | float | bool | Sequence[str]
_propagator = TraceContextTextMapPropagator()


class LinkedSampler(Sampler):
    """Takes a batch when one that it links to was taken, else as `otherwise` decides."""

    def __init__(self, otherwise: Sampler) -> None:
        self._otherwise = otherwise

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if any(link.context.trace_flags.sampled for link in links or ()):
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        return self._otherwise.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return f"LinkedSampler{{{self._otherwise.get_description()}}}"


class Spans:
    """Makes the spans of one service and hands the sampled ones to `exporter`, in the background."""

    def __init__(self, service: str, version: str, sample: float, exporter: SpanExporter) -> None:
        resource = Resource.create(
            {"service.name": service, "service.version": version, "service.namespace": "tapeline"}
        )
        sampler = ParentBased(LinkedSampler(TraceIdRatioBased(sample)))
        self._provider = TracerProvider(sampler, resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("tapeline", version)

    @contextmanager
    def batch(self, name: str, messages: Iterable[Message], sources: Sequence[bytes]) -> Iterator[None]:
        """See `tracing.batch_span`."""
        taken = tuple(messages)
        links = [link for parent in _distinct(taken, sources) if (link := _link(parent)) is not None]
        with self._tracer.start_as_current_span(name, Context(), SpanKind.CONSUMER, links=links) as span:
            if taken and span.is_recording():
                span.set_attributes(_described(taken))
            yield

    @contextmanager
    def request(self, name: str, parent: bytes | None) -> Iterator[str]:
        """See `tracing.request_span`."""
        context = Context() if parent is None else _context(parent)
        with self._tracer.start_as_current_span(name, context, SpanKind.SERVER) as span:
            yield format_trace_id(span.get_span_context().trace_id)

    def note(self, attributes: Mapping[str, Attribute], name: str) -> None:
        """See `tracing.note`."""
        span = get_current_span()
        span.set_attributes(attributes)
        if name:
            span.update_name(name)

    def traceparent(self) -> bytes | None:
        """See `tracing.traceparent`."""
        if not get_current_span().get_span_context().trace_flags.sampled:
            return None
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier[TRACEPARENT].encode()

    def close(self) -> None:
        """Send what waits; spans made afterwards are dropped."""
        self._provider.shutdown()


def exporter_for(endpoint: str) -> SpanExporter:
    """OTLP over HTTP; certificates and headers come from the usual OTEL_EXPORTER_OTLP_* variables."""
    return OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_S)


def _distinct(messages: Sequence[Message], sources: Sequence[bytes]) -> list[bytes]:
    """The first of the batches that are to be linked."""
    found = dict.fromkeys(sources[:LINKS_MAX])
    for message in messages:
        headers = message.headers
        if not headers:
            continue
        found.update((value, None) for name, value in headers if name == TRACEPARENT and value)
        if len(found) >= LINKS_MAX:
            break
    return list(found)[:LINKS_MAX]


def _link(parent: bytes) -> Link | None:
    """None for what is no traceparent: a stranger's message may carry anything."""
    context = get_current_span(_context(parent)).get_span_context()
    return Link(context) if context.is_valid else None


def _context(parent: bytes) -> Context:
    return _propagator.extract({TRACEPARENT: parent.decode("ascii", "replace")}, Context())


def _described(messages: Sequence[Message]) -> dict[str, Attribute]:
    """How many messages, and the first and last offset per partition."""
    ranges: dict[tuple[str, int], list[int]] = {}
    for one in messages:
        ranges.setdefault((one.topic, one.partition), [one.offset, one.offset])[1] = one.offset
    return {
        "messaging.system": "kafka",
        "messaging.batch.message_count": len(messages),
        "tapeline.offsets": [f"{topic}[{number}] {a}-{b}" for (topic, number), (a, b) in ranges.items()],
    }
