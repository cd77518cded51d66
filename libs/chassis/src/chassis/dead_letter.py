"""Dead letters: the original untouched, what was wrong in added headers."""

from chassis.bus import Output, Record

PREFIX = "dlq."


def dead_letter(topic: str, original: Record, fields: dict[str, str]) -> Output:
    """The original's key, value, headers and partition, plus one header `dlq.<field>` per field.

    Headers of an earlier failure are replaced, so that a replayed dead letter tells its newest reason.
    """
    kept = [(name, value) for name, value in original.headers or [] if not name.startswith(PREFIX)]
    added = [(PREFIX + name, text.encode()) for name, text in fields.items()]
    return Output(topic, original.value, original.key, kept + added, original.partition)
