"""Optional traces, one span per batch: what a loop calls, whether there is a collector or not.

Off, which is the default, OpenTelemetry is not even imported, no message is looked at for a trace and none
carries one. On, a batch of messages mixes those of many earlier batches, so it is no child of one of them: it
links to them, by the W3C `traceparent` in the headers of what a sampled batch sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from chassis.bus import Headers, Output

if TYPE_CHECKING:
    from chassis.settings import ServiceSettings
    from chassis.spans import Attribute, Spans

TRACEPARENT = "traceparent"
_NO_SPAN: AbstractContextManager[None] = nullcontext()
_spans: "Spans | None" = None


class Message(Protocol):
    """What a span tells of a message: our own Record, and the records of other clients."""

    @property
    def topic(self) -> str: ...

    @property
    def partition(self) -> int: ...

    @property
    def offset(self) -> int: ...

    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]] | None: ...


def configure_tracing(service: str, version: str, settings: "ServiceSettings") -> None:
    """Send sampled spans to the collector that the settings name; they name none: stay off."""
    if settings.otlp_endpoint:
        # Only who traces pays for the libraries: about a second at start and 20 MB.
        from chassis.spans import Spans, exporter_for

        trace_with(Spans(service, version, settings.trace_sample, exporter_for(settings.otlp_endpoint)))


def trace_with(spans: "Spans | None") -> None:
    """Make spans by these from now on; None switches tracing off."""
    global _spans
    _spans = spans


def stop_tracing() -> None:
    """Send what is not sent yet; only a process that ends without its exit handlers needs to call it."""
    if _spans is not None:
        _spans.close()


def is_traced() -> bool:
    """Whether there is a collector at all."""
    return _spans is not None


def batch_span(
    name: str, messages: Iterable[Message] = (), sources: Sequence[bytes] = ()
) -> AbstractContextManager[None]:
    """The span of one batch, current within the block; an exception in it is its outcome.

    It links to the batches that `messages` came from and to the `sources` (see `traceparent`), and is sampled
    when one of those was, so that a sampled way is seen whole; else by the ratio of the settings.
    """
    return _NO_SPAN if _spans is None else _spans.batch(name, messages, sources)


def request_span(name: str, parent: bytes | None) -> AbstractContextManager[str]:
    """The span of one request, a child of the caller's `traceparent` header; gives the trace id.

    Only to be asked for when `is_traced`.
    """
    assert _spans is not None
    return _spans.request(name, parent)


def note(attributes: "Mapping[str, Attribute]", name: str = "") -> None:
    """Tell something about the current span, and its name where that is known only now."""
    if _spans is not None:
        _spans.note(attributes, name)


def traceparent() -> bytes | None:
    """The current span, when it is sampled: what later batches link to."""
    return None if _spans is None else _spans.traceparent()


def trace_headers() -> Headers | None:
    """What a message sent now carries: the current span, when it is sampled."""
    parent = traceparent()
    return None if parent is None else [(TRACEPARENT, parent)]


def carrying(outputs: Iterable[Output]) -> Iterable[Output]:
    """The outputs with `trace_headers`; as they are when there are none.

    A dead letter keeps all headers of its original, so one that came with a trace keeps that.
    """
    added = trace_headers()
    return outputs if added is None else [_with(output, added) for output in outputs]


def _with(output: Output, added: Headers) -> Output:
    had = output.headers or []
    return output if any(name == TRACEPARENT for name, _ in had) else replace(output, headers=had + added)
