"""A portfolio at the close: what is priced, what is left out and why, what is exposure and what is not."""

import datetime as dt
from decimal import Decimal as D

from contracts import Valuation
from endofday.core.closing import closing_valuations, empty_valuation
from endofday.core.day import Books, Closes, Day
from endofday.core.facts import Instrument, Portfolio, Quote, Rates, Trade, Version

DAY, FRIDAY = dt.date(2013, 10, 7), dt.date(2013, 10, 4)
AT = dt.datetime(2013, 1, 2, tzinfo=dt.UTC)
INSTRUMENTS = {
    one.symbol: one
    for one in (
        Instrument("IBM", "equity", "USD", "XNYS", D(1), "Technology", "IBM Corp"),
        Instrument("SAP", "equity", "EUR", "XETR", D(1)),
        Instrument("NOKIA", "equity", "SEK", "XSTO", D(1)),
        Instrument("USD", "cash", "USD", "", D(1)),
        Instrument("GBPUSD", "fx", "USD", "XOTC", D(1)),
    )
}
HELD = {"IBM": D(10), "SAP": D(-4), "USD": D(500), "GBPUSD": D(100)}


def version(symbol: str, quantity: D, cost: str = "10") -> Version:
    return Version("US", symbol, AT, quantity, D(cost), INSTRUMENTS[symbol].currency, None, 3)


def closed(
    held: dict[str, D],
    trades: dict[str, list[Trade]] | None = None,
    *,
    rates_at_cost: Rates | None = None,
) -> Valuation:
    day = Day(DAY, INSTRUMENTS)
    versions = {("US", symbol): [version(symbol, quantity)] for symbol, quantity in held.items()}
    done = {("US", symbol): found for symbol, found in (trades or {}).items()}
    books = Books({"US": Portfolio("US", "USD", None)}, INSTRUMENTS, versions, done, {})
    prices = {
        (symbol, date): Quote(D(price), INSTRUMENTS[symbol].currency, f"bar:{symbol}:{date}")
        for symbol, price in (("IBM", "180"), ("SAP", "55"))
        for date in (DAY, FRIDAY)
    }
    rates = Rates({"EURUSD": Quote(D("1.36"), "USD", "fx:EUR"), "GBPUSD": Quote(D("1.6"), "USD", "fx:GBP")})
    moments = [*day.fx_closes, AT, *(one.executed_at for found in done.values() for one in found)]
    rates_at = dict.fromkeys(moments, rates) | {AT: rates_at_cost or rates}
    (found,) = closing_valuations(books, Closes(prices, rates_at), day)
    return found


def test_every_position_stands_at_its_own_close_and_cash_is_no_exposure() -> None:
    found = closed(HELD)
    assert found.as_of == dt.datetime(2013, 10, 7, 21, tzinfo=dt.UTC)
    assert found.market_value == 1800 - 4 * D("55") * D("1.36") + 500 + 160
    assert (found.long_exposure, found.short_exposure) == (1960, D("-299.2"))
    lines = {one.symbol: one for one in found.positions}
    assert lines["SAP"].price_as_of == dt.datetime(2013, 10, 7, 15, 30, tzinfo=dt.UTC)
    assert lines["SAP"].price_age_seconds == 5.5 * 3600
    assert (lines["IBM"].sector, lines["IBM"].issuer, lines["IBM"].position_version) == (
        "Technology",
        "IBM Corp",
        3,
    )
    assert (lines["GBPUSD"].price, lines["USD"].price) == (D("1.6"), 1)
    assert found.coverage.complete
    assert found.fx_rates == {"USD": 1, "EUR": D("1.36")}


def test_what_has_no_price_or_rate_is_left_out_with_its_reason() -> None:
    found = closed({"IBM": D(1), "NOKIA": D(1)})
    assert (found.market_value, found.coverage.unpriced) == (180, 1)
    assert [(note.symbol, note.reason) for note in found.coverage.notes] == [("NOKIA", "no_price")]
    assert found.daily_pnl is not None
    assert found.daily_pnl.unknown == 1
    nothing = closed({"NOKIA": D(1)})
    assert (nothing.market_value, nothing.gross_exposure) == (None, None)


def test_a_total_is_unknown_where_one_fx_part_is() -> None:
    found = closed({"IBM": D(10), "SAP": D(4)}, rates_at_cost=Rates({}))
    assert found.market_value == 1800 + 4 * D("55") * D("1.36")
    assert found.unrealized_price_pnl == 10 * 170 + 4 * D("45") * D("1.36")
    assert found.unrealized_pnl is None
    assert [(note.symbol, note.reason) for note in found.coverage.notes] == [("SAP", "no_cost_fx_rate")]


def test_cost_follows_the_fills_and_a_sold_position_keeps_its_profit() -> None:
    monday = dt.datetime(2013, 10, 7, 15, tzinfo=dt.UTC)
    trades = {
        "IBM": [Trade("f1", "US", "IBM", monday, 1, D(10), D(30), "USD", D(0))],
        "SAP": [Trade("f2", "US", "SAP", monday, 1, D(4), D(50), "EUR", D(0))],
    }
    found = closed({"IBM": D(10), "SAP": D(-4)}, trades)
    (line,) = found.positions
    assert (line.symbol, line.quantity, line.average_cost) == ("IBM", 20, 20)
    assert line.unrealized_pnl == 20 * 160
    assert found.daily_pnl is not None
    # 10 bought at 30 stand at 180, 4 sold short at 55 were bought back at 50.
    assert found.daily_pnl.total == 10 * 150 + 4 * 5 * D("1.36")


def test_an_empty_portfolio_is_worth_nothing() -> None:
    found = empty_valuation(Portfolio("US", "USD", None), Day(DAY, INSTRUMENTS))
    assert (found.market_value, found.positions, found.coverage.complete) == (0, (), True)
