"""Follows the instrument master, so that a symbol becomes known while we run."""

import msgspec

from chassis import metrics
from chassis.bus import Record
from chassis.logs import get_logger
from chassis.table import TableReader
from contracts import Instrument, topics
from contracts.codec import decoder
from tick_ingestor.core.instruments import InstrumentTable

GROUP = "tick-ingestor.reference"
log = get_logger(__name__)


class InstrumentFollower:
    """Keeps an InstrumentTable equal to reference.instruments.v1; its group tells how far it is."""

    def __init__(self, bootstrap: str, table: InstrumentTable) -> None:
        self._reader = TableReader(bootstrap, [topics.INSTRUMENTS.name], GROUP)
        self._table = table
        # An alert on the first invalid record must have seen the zero before it.
        metrics.INVALID_RECORDS.labels(topic=topics.INSTRUMENTS.name)

    def catch_up(self) -> None:
        """Take in everything there is now."""
        for record in self._reader.catch_up():
            apply(self._table, record)
        self._reader.commit()

    def follow(self) -> None:
        """Take in what is new, without waiting."""
        for record in self._reader.poll(0):
            apply(self._table, record)
        self._reader.commit()

    def close(self) -> None:
        self._reader.close()


def apply(table: InstrumentTable, record: Record) -> None:
    """One record of the instrument master; without a value it removes its key."""
    if record.value is None:
        table.remove((record.key or b"").decode(errors="replace"))
        return
    try:
        instrument = decoder(Instrument).decode(record.value)
    except (msgspec.MsgspecError, ValueError) as error:
        # One bad reference record must not stop the market; the symbol keeps what it was.
        metrics.INVALID_RECORDS.labels(topic=record.topic).inc()
        log.error("instrument_refused", topic=record.topic, offset=record.offset, problem=str(error))
        return
    table.apply(instrument)
