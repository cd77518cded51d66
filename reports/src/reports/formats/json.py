"""A report as JSON: exact amounts as text, times as RFC 3339."""

import msgspec
from msgspec import Struct


def to_json(report: Struct) -> bytes:
    """Indented, fields in the order of the shape."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
