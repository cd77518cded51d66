"""Keeps the Kafka client's logs readable: while a broker is away it repeats the same lines without pause."""

import logging
import time

CLIENTS = ("faust", "mode", "aiokafka")
REPEAT_AFTER_S = 10.0


class ClientRepeats(logging.Filter):
    """Lets each message text of the clients (before its arguments are filled in) pass once per interval."""

    def __init__(self, interval_s: float = REPEAT_AFTER_S) -> None:
        super().__init__()
        self._interval_s = interval_s
        self._passed: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(CLIENTS):
            return True
        text, now = str(record.msg), time.monotonic()
        if now - self._passed.get(text, float("-inf")) < self._interval_s:
            return False
        self._passed[text] = now
        return True


def quieten_clients(level: str) -> None:
    """Only warnings and worse of the clients, unless `level` is even stricter; repeats at most every 10 s."""
    for name in CLIENTS:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    # A filter of a logger does not see the records of its children, a handler's does.
    for handler in logging.getLogger().handlers:
        handler.addFilter(ClientRepeats())
