"""What the simulator knows of the real market: the outcome of the calibration."""

from decimal import Decimal

import msgspec


class SimulatedInstrument(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument of the simulated market."""

    symbol: str
    asset_class: str
    currency: str
    exchange: str
    """MIC"""
    start_price: Decimal
    """last real close, unadjusted; for a pair the mid"""
    decimals: int
    """prices (for a pair bid and ask) are whole numbers of 10**-decimals"""
    spread_points: int
    """ask minus bid in 10**-decimals"""
    volatility_daily: float
    """standard deviation of daily log returns"""
    activity: float
    """share of all ticks when every market is open"""
    legs: tuple[str, str] | None = None
    """a cross such as EURGBP follows from (EURUSD, GBPUSD), so that the three never contradict each other"""


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """Instruments and how they move together."""

    first_date: str
    last_date: str
    observations: int
    """daily log returns that volatility and correlation are estimated from"""
    instruments: tuple[SimulatedInstrument, ...]
    correlation: tuple[tuple[float, ...], ...]
    """of daily log returns, in the order of `instruments`"""

    def only(self, symbols: list[str]) -> "Market":
        """The market reduced to some symbols and the legs of their crosses; KeyError for an unknown one."""
        known = {one.symbol: one for one in self.instruments}
        wanted = set(symbols)
        for symbol in symbols:
            if symbol not in known:
                raise KeyError(f"{symbol} is not simulated; these are: {', '.join(sorted(known))}")
            wanted |= set(known[symbol].legs or ())
        keep = [place for place, one in enumerate(self.instruments) if one.symbol in wanted]
        return msgspec.structs.replace(
            self,
            instruments=tuple(self.instruments[place] for place in keep),
            correlation=tuple(tuple(self.correlation[row][column] for column in keep) for row in keep),
        )
