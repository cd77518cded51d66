"""Reference data the Silver job needs: which symbols are FX pairs, and their daily rates."""

import threading

from chassis.bus import Record
from chassis.clock import to_us
from chassis.health import Health
from chassis.shutdown import StopSignal
from chassis.table import TableReader
from contracts import FxRate, Instrument, topics
from contracts.codec import decoder
from jobs.fx_history import DAILY_RANK, FxHistory, Quote, fx_history

GROUP = "bar-aggregator.reference"
_POLL_S = 0.5


class Reference:
    """Instruments and daily rates as of now; `follow` keeps them so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rates: dict[bytes, FxRate] = {}
        self._fx_symbols: set[str] = set()

    def follow(self, bootstrap: str, stop: StopSignal, health: Health) -> None:
        """Read both topics from their beginning, ready at their end, and go on until stopped."""
        reader = TableReader(bootstrap, [topics.INSTRUMENTS.name, topics.FX_RATES.name], GROUP)
        try:
            for record in reader.catch_up():
                self.apply(record)
            reader.commit()
            health.ready("reference")
            while not stop.is_set():
                for record in reader.poll(_POLL_S):
                    self.apply(record)
                reader.commit()
        finally:
            reader.close()

    def apply(self, record: Record) -> None:
        """Take in one record of either topic; a tombstone takes its key away."""
        key = record.key or b""
        with self._lock:
            if record.topic == topics.FX_RATES.name:
                if record.value is None:
                    self._rates.pop(key, None)
                else:
                    self._rates[key] = decoder(FxRate).decode(record.value)
            elif record.value is None:
                self._fx_symbols.discard(key.decode())
            else:
                instrument = decoder(Instrument).decode(record.value)
                known = self._fx_symbols.add if instrument.asset_class == "fx" else self._fx_symbols.discard
                known(instrument.symbol)

    def fx_symbols(self) -> frozenset[str]:
        """Symbols that are currency pairs."""
        with self._lock:
            return frozenset(self._fx_symbols)

    def daily_rates(self) -> FxHistory:
        """All daily rates."""
        with self._lock:
            rates = list(self._rates.values())
        return fx_history(
            (one.pair, Quote(to_us(one.as_of), DAILY_RANK, one.rate, f"{one.pair} {one.as_of:%Y-%m-%d}"))
            for one in rates
        )
