"""One bar, tick by tick, exact and independent of the order of arrival."""

from decimal import Decimal

from chassis.clock import from_us
from contracts import Bar, BarStatus, Tick

WINDOW_US = 300_000_000
"""Five minutes. Windows are half-open, [start, start + WINDOW_US), and aligned to 1970-01-01 UTC."""

PRICE_PLACES = 8


class MixedCurrency(ValueError):
    """Ticks of one window have different currencies; no single bar can be made of them."""


def window_start_us(ts_event_us: int) -> int:
    """Start of the window that an event time falls in."""
    return ts_event_us - ts_event_us % WINDOW_US


class BarBuilder:
    """Collects the ticks of one symbol in one window; `build` may be asked at any time, and again.

    Prices are integers times 10^8, so sums are exact. A tick id counts once: the first to arrive. Open and
    close are by (ts_event_us, seq, tick_id), so any permutation, repetition or split of the same ticks gives
    the same bar.
    """

    __slots__ = ("_first", "_high_e8", "_ids", "_last", "_low_e8", "_notional_e8", "_volume", "start_us")

    def __init__(self, tick: Tick) -> None:
        self.start_us = window_start_us(tick.ts_event_us)
        self._ids = {tick.tick_id}
        self._first = self._last = tick
        self._high_e8 = self._low_e8 = tick.price_e8
        self._volume = tick.volume
        self._notional_e8 = tick.price_e8 * tick.volume

    def update(self, tick: Tick) -> None:
        """Add a tick of the same symbol and window. Raises MixedCurrency when its currency differs."""
        if tick.tick_id in self._ids:
            return
        if tick.currency != self._first.currency:
            raise MixedCurrency(
                f"tick {tick.tick_id} of {tick.symbol} is in {tick.currency}, its window began in "
                f"{self._first.currency}; was the instrument's currency changed during the day?"
            )
        self._ids.add(tick.tick_id)
        if _order(tick) > _order(self._last):
            self._last = tick
        elif _order(tick) < _order(self._first):
            self._first = tick
        if tick.price_e8 > self._high_e8:
            self._high_e8 = tick.price_e8
        elif tick.price_e8 < self._low_e8:
            self._low_e8 = tick.price_e8
        self._volume += tick.volume
        self._notional_e8 += tick.price_e8 * tick.volume

    def build(self, status: BarStatus, recorded_at_us: int) -> Bar:
        """The bar of the ticks so far, as revision 0."""
        first, last = self._first, self._last
        return Bar(
            symbol=first.symbol,
            window_start=from_us(self.start_us),
            window_end=from_us(self.start_us + WINDOW_US),
            open=from_e8(first.price_e8),
            high=from_e8(self._high_e8),
            low=from_e8(self._low_e8),
            close=from_e8(last.price_e8),
            vwap=vwap(self._notional_e8, self._volume),
            volume=self._volume,
            trades=len(self._ids),
            currency=first.currency,
            status=status,
            revision=0,
            first_tick_id=first.tick_id,
            last_tick_id=last.tick_id,
            as_of=from_us(last.ts_event_us),
            recorded_at=from_us(recorded_at_us),
        )


def vwap(notional_e8: int, volume: int) -> Decimal | None:
    """sum(price * volume) / sum(volume), rounded once, half-even, to 8 places; None when the volume is 0."""
    if volume == 0:
        return None
    quotient, remainder = divmod(notional_e8, volume)
    above_half = 2 * remainder - volume
    if above_half > 0 or (above_half == 0 and quotient % 2 == 1):
        quotient += 1
    return from_e8(quotient)


def from_e8(price_e8: int) -> Decimal:
    """A scaled price as a Decimal with 8 places."""
    return Decimal(price_e8).scaleb(-PRICE_PLACES)


def _order(tick: Tick) -> tuple[int, int, str]:
    return tick.ts_event_us, tick.seq, tick.tick_id
