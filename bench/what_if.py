"""What-if over HTTP to the risk service's own handler: a book of 100 positions, ten trades."""

import http.client
from collections.abc import Callable

import msgspec
import numpy as np

from bench.rows import Row, timed_ms
from chassis.health import Health, serve_health
from contracts.analysis.what_if import WhatIfAnswer
from measuring.core.history import DailyHistory
from quant import DatedSeries
from risk.adapters.analysis_routes import analysis_routes
from risk.core.desk import Desk
from risk.core.state import RiskState
from testkit.builders import make_position_value, make_valuation

POSITIONS, TRADES, YEARS = 100, 10, 5
TARGET_MS = 100.0
PATH = f"what-if, {POSITIONS} positions, {TRADES} trades, 500 scenarios, every measure before and after"
NOTE = (
    "From request to answer over HTTP on loopback, without the gateway in front; half of the trades are "
    "in instruments of another book. Not the first request of a market date, which builds the factors."
)


def measure(runs: int) -> list[Row]:
    """Milliseconds of one request on a warm service."""
    answer = served(make_state())
    body = make_request()
    _check(msgspec.json.decode(answer(body), type=WhatIfAnswer))
    values = timed_ms(lambda: answer(body), runs)
    return [Row(path=PATH, subject="risk service", unit="ms", values=values, target=TARGET_MS, note=NOTE)]


def make_state(seed: int = 5) -> RiskState:
    """Five years of random history, and two books of it."""
    random = np.random.default_rng(seed)
    days = np.arange("2009-01-01", "2013-12-31", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    symbols = [f"S{number}" for number in range(2 * POSITIONS)]
    prices = {
        symbol: DatedSeries(days, 100 * np.exp(random.normal(0, 0.01, len(days)).cumsum()), "USD")
        for symbol in symbols
    }
    state = RiskState(DailyHistory("bench", prices), "USD")
    for name, held in (("OWN", symbols[:POSITIONS]), ("OTHER", symbols[POSITIONS:])):
        lines = (make_position_value(symbol, "100", "50") for symbol in held)
        state.remember(make_valuation(name, "14:30", *lines))
    return state


def make_request() -> bytes:
    """Trades in held and in new instruments by turns."""
    trades = [
        {"symbol": f"S{number if number % 2 else POSITIONS + number}", "quantity": "10"}
        for number in range(TRADES)
    ]
    return msgspec.json.encode({"portfolio_id": "OWN", "trades": trades})


def served(state: RiskState) -> Callable[[bytes], bytes]:
    """The analysis routes on a port of their own, asked over a new connection each time."""
    server = serve_health(Health(), "127.0.0.1", 0, analysis_routes(Desk(state)))
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)

    def answer(body: bytes) -> bytes:
        connection.request("POST", "/analysis/what_if", body)
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"the risk service answered {response.status}: {content[:200]!r}")
        return content

    return answer


def _check(found: WhatIfAnswer) -> None:
    """A time counts only for a whole answer."""
    assert found.complete
    assert found.market_value.change == sum(fill.market_value or 0 for fill in found.trades)
    assert any(one.measure == "historical_var" and one.after is not None for one in found.measures)
