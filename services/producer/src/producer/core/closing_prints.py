"""The last trade of each instrument before a simulation begins: what its first day is compared with.

The simulated market goes on from the last real closes. Without a trade in the session before, the first day
would have no previous close, and no portfolio a profit of the day.
"""

from datetime import datetime, timedelta

from chassis.clock import to_us
from contracts import RawTick
from endofday.core.running import running_date
from endofday.core.sessions import fx_closes, last_session
from producer.core.market import Market, SimulatedInstrument
from producer.core.simulator import ROUND_LOT, rfc3339
from quant import previous_business_date

BEFORE_CLOSE = timedelta(seconds=1)


def closing_prints(market: Market, start: datetime, source: str) -> list[RawTick]:
    """One tick per instrument at its start price, a second before the last close ahead of `start`."""
    return [
        RawTick(
            symbol=one.symbol,
            ts_event=rfc3339(to_us(_previous_close(one, start) - BEFORE_CLOSE)),
            price=one.start_price,
            currency=one.currency,
            exchange=one.exchange,
            volume=0 if one.asset_class == "fx" else ROUND_LOT,
            source=source,
            seq=0,
        )
        for one in market.instruments
    ]


def _previous_close(one: SimulatedInstrument, start: datetime) -> datetime:
    """Shares close with their exchange, pairs at 17:00 New York."""
    date = running_date(start)
    if one.asset_class == "fx":
        return fx_closes(date)[0]
    return last_session(one.exchange, previous_business_date(date)).close
