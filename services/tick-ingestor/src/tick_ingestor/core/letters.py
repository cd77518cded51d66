"""Dead letters that a broker takes: the few originals that are too large to be copied are cut."""

import msgspec

from chassis.bus import Record

# A broker takes about 1 MiB per message by default. An original at that limit has no room for added headers,
# and one that was compressed on its way may be larger still; failing to write it would stop us for good.
LETTER_BYTES_MAX = 900_000
KEPT_VALUE_BYTES = 65_536
KEPT_KEY_BYTES = 1_024


def within_limit(original: Record) -> tuple[Record, dict[str, str]]:
    """The original and nothing to add; or, when it is too large, its beginning and what was cut off.

    The whole original stays in the raw topic for its retention, at the partition and offset in the headers.
    """
    value, key, headers = original.value or b"", original.key or b"", original.headers or []
    size = len(value) + len(key) + sum(len(name) + len(data or b"") for name, data in headers)
    if size <= LETTER_BYTES_MAX:
        return original, {}
    kept = msgspec.structs.replace(
        original,
        value=None if original.value is None else value[:KEPT_VALUE_BYTES],
        key=None if original.key is None else key[:KEPT_KEY_BYTES],
        headers=None,
    )
    return kept, {"cut": f"value had {len(value)} bytes, key {len(key)}, headers {len(headers)}"}
