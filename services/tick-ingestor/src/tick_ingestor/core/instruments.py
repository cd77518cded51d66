"""The instrument master as the ingestor needs it: which symbols exist, in which currency, on which venues."""

from typing import NamedTuple

from contracts import Instrument
from tick_ingestor.core.currencies import QUOTATIONS
from tick_ingestor.core.identity import symbol_part
from tick_ingestor.core.venues import CODE_OF_NAME


class Listing(NamedTuple):
    """What is looked up for every tick of a symbol, prepared once."""

    symbol: str
    currency: str
    id_part: str


class InstrumentTable:
    """Known symbols and venues. An instrument's own exchange becomes known with it, and stays known."""

    def __init__(self) -> None:
        self.listings: dict[str, Listing] = {}
        self.venues: dict[str, str] = dict(CODE_OF_NAME)

    def apply(self, instrument: Instrument) -> None:
        """Add or replace one instrument."""
        quotation = QUOTATIONS.get(instrument.currency)
        self.listings[instrument.symbol] = Listing(
            instrument.symbol,
            quotation.currency if quotation else instrument.currency,
            f"/{symbol_part(instrument.symbol)}/",
        )
        self.venues.setdefault(instrument.exchange, instrument.exchange)

    def remove(self, symbol: str) -> None:
        """Forget a symbol; its ticks are refused from now on."""
        self.listings.pop(symbol, None)

    def venue(self, name: str) -> str | None:
        """The MIC of a venue given by name or MIC, in any case; None when unknown."""
        found = self.venues.get(name)
        return found if found is not None else self.venues.get(name.strip().upper())
