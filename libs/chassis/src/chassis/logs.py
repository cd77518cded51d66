"""Structured logs: one event per line, JSON for machines, columns for people."""

import logging
import re
import sys
from typing import Any, Literal

import structlog

# Our API keys, JSON Web Tokens, and the password in an address.
_SECRET = re.compile(
    r"tl_[0-9a-f]{12}_[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"
)


def configure_logging(
    service: str, log_format: Literal["console", "json"] = "console", level: str = "INFO"
) -> None:
    """Send our own and the libraries' logs to standard error in one format."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    # JSON escapes line breaks, so that input cannot forge a log line; the console renderer is for a person.
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def hide_secrets(_logger: Any, _method: str, event: Any) -> Any:
    """Replace what looks like a key or a token, wherever it came from, in every text of an entry."""
    return {name: _hidden(value) for name, value in event.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET.sub("[hidden]", value)
    if isinstance(value, dict):
        return {name: _hidden(one) for name, one in value.items()}
    return [_hidden(one) for one in value] if isinstance(value, list | tuple) else value


def get_logger(name: str) -> Any:
    """A logger that takes an event name and key=value pairs: `log.info("published", records=3)`."""
    return structlog.stdlib.get_logger(name)
