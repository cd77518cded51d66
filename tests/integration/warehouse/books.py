"""Two real closes of a book of three names, as the services store them; the numbers are worked out here."""

import datetime as dt
import hashlib
import json
from decimal import Decimal as D
from typing import Any

from store import tables
from store.bulk import append_revisions
from store.database import Connection, Database

FRIDAY, MONDAY = dt.date(2013, 10, 4), dt.date(2013, 10, 7)
CLOSES = {
    "AIG": {FRIDAY: D("49.34"), MONDAY: D("48.72")},
    "BAC": {FRIDAY: D("14.05"), MONDAY: D("13.81")},
    "SAP": {FRIDAY: D("53.70"), MONDAY: D("53.42")},
}
RATES = {FRIDAY: D("1.3557"), MONDAY: D("1.3577")}
HELD = {"AIG": D(100), "BAC": D(-2000), "SAP": D(30)}
COST = D(50)
SINCE = dt.datetime(2013, 1, 2, tzinfo=dt.UTC)

Row = dict[str, Any]
Rows = dict[type[Any], list[Row]]


def closing_time(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(20), dt.UTC)


def currency(symbol: str) -> str:
    return "EUR" if symbol == "SAP" else "USD"


def rate(symbol: str, date: dt.date) -> D:
    return RATES[date] if currency(symbol) == "EUR" else D(1)


def value(symbol: str, date: dt.date) -> D:
    """Market value in USD."""
    return HELD[symbol] * CLOSES[symbol][date] * rate(symbol, date)


def instruments() -> list[Row]:
    return [
        {
            "symbol": symbol,
            "valid_from": SINCE,
            "name": symbol,
            "asset_class": "equity",
            "currency": currency(symbol),
            "exchange": "XETR" if symbol == "SAP" else "XNYS",
            "multiplier": D(1),
        }
        for symbol in HELD
    ]


def portfolios() -> list[Row]:
    top = {"portfolio_id": "TOP", "valid_from": SINCE, "name": "Top", "base_currency": "USD"}
    return [{**top, "parent_id": None}, {**top, "portfolio_id": "US", "name": "US book", "parent_id": "TOP"}]


def bar(symbol: str, date: dt.date, **fields: Any) -> Row:
    close, end = CLOSES[symbol][date], closing_time(date)
    return {
        "symbol": symbol,
        "window_start": end - dt.timedelta(minutes=5),
        "window_end": end,
        "trade_date": date,
        **dict.fromkeys(("open", "close", "vwap"), close),
        "high": close + D("0.05"),
        "low": close - D("0.05"),
        "volume": 1000,
        "trades": 7,
        "currency": currency(symbol),
        "status": "final",
        "first_tick_id": f"t/{symbol}/1",
        "last_tick_id": f"t/{symbol}/7",
        "as_of": end - dt.timedelta(seconds=1),
        **fields,
    }


def position(symbol: str, date: dt.date, **fields: Any) -> Row:
    base = value(symbol, date)
    return {
        "portfolio_id": "US",
        "symbol": symbol,
        "as_of": closing_time(date),
        "basis": "bar",
        "valuation_id": f"US:{date}",
        "asset_class": "equity",
        "quantity": HELD[symbol],
        "average_cost": COST,
        "multiplier": D(1),
        "currency": currency(symbol),
        "price": CLOSES[symbol][date],
        "price_as_of": closing_time(date),
        "fx_rate": rate(symbol, date),
        "market_value": HELD[symbol] * CLOSES[symbol][date],
        "market_value_base": base,
        "position_as_of": SINCE,
        "position_version": 1,
        "stale": False,
        **fields,
    }


def valuation(date: dt.date, **fields: Any) -> Row:
    values = [value(symbol, date) for symbol in HELD]
    long, short = sum(v for v in values if v > 0), sum(v for v in values if v < 0)
    return {
        "portfolio_id": "US",
        "as_of": closing_time(date),
        "basis": "bar",
        "valuation_id": f"US:{date}",
        "currency": "USD",
        "market_value": sum(values),
        "unrealized_pnl": D(15),
        "unrealized_price_pnl": D(10),
        "unrealized_fx_pnl": D(5),
        "long_exposure": long,
        "short_exposure": short,
        "gross_exposure": long - short,
        "net_exposure": long + short,
        "coverage": {"positions": 3, "priced": 3, "unpriced": 0, "stale": 0, "complete": True},
        "fx_rates": {"EUR": str(RATES[date])},
        **fields,
    }


def pnl(symbol: str, date: dt.date = MONDAY, **fields: Any) -> Row:
    opening, closing = CLOSES[symbol][FRIDAY], CLOSES[symbol][MONDAY]
    first, last = rate(symbol, FRIDAY), rate(symbol, MONDAY)
    price = HELD[symbol] * (closing - opening) * last
    fx = HELD[symbol] * opening * (last - first)
    return {
        "portfolio_id": "US",
        "symbol": symbol,
        "date": date,
        "currency": currency(symbol),
        "opening_quantity": HELD[symbol],
        "opening_price": opening,
        "opening_fx_rate": first,
        "opening_value": value(symbol, FRIDAY),
        "closing_quantity": HELD[symbol],
        "closing_price": closing,
        "closing_fx_rate": last,
        "closing_value": value(symbol, MONDAY),
        "price": price,
        "fx": fx,
        **dict.fromkeys(("flow", "trading", "income", "fees", "realized"), D(0)),
        "total": price + fx,
        **fields,
    }


def risk(measure: str, number: float, **fields: Any) -> Row:
    return {
        "portfolio_id": "US",
        "as_of": closing_time(MONDAY),
        "basis": "bar",
        "measure": measure,
        "parameters": "confidence_bp=9900,horizon_days=1",
        "valuation_id": f"US:{MONDAY}",
        "value": number,
        "unit": "USD",
        "details": {},
        "definition": 1,
        **fields,
    }


SHARES = {"AIG": D("0.75"), "BAC": D("0.5"), "SAP": D("-0.25")}
"""What each name is of every risk number; SAP hedges."""


def components(measure: str, total: D, **fields: Any) -> list[Row]:
    """What the names add to a risk number."""
    return [
        {
            "portfolio_id": "US",
            "as_of": closing_time(MONDAY),
            "basis": "bar",
            "measure": measure,
            "parameters": "confidence_bp=9900,horizon_days=1",
            "symbol": symbol,
            "valuation_id": f"US:{MONDAY}",
            "component": total * share,
            "percent": float(100 * share),
            "marginal": float(total * share / value(symbol, MONDAY)),
            "currency": "USD",
            "reason": None,
            **fields,
        }
        for symbol, share in SHARES.items()
    ]


def fill(**fields: Any) -> Row:
    return {
        "fill_id": "f1",
        "portfolio_id": "US",
        "symbol": "AIG",
        "executed_at": SINCE,
        "seq": 1,
        "quantity": D(100),
        "price": COST,
        "currency": "USD",
        "fee": D(0),
        **fields,
    }


def good_rows() -> Rows:
    dates = (FRIDAY, MONDAY)
    return {
        tables.Instrument: instruments(),
        tables.Portfolio: portfolios(),
        tables.PriceBar: [bar(symbol, date) for symbol in HELD for date in dates],
        tables.PortfolioValuation: [valuation(date) for date in dates],
        tables.PositionValuation: [position(symbol, date) for symbol in HELD for date in dates],
        tables.PnlDaily: [pnl(symbol) for symbol in HELD],
        tables.RiskMetric: [risk("historical_var", 900.0), risk("expected_shortfall", 1100.0)],
        tables.VarComponent: [
            *components("historical_var", D(900)),
            *components("expected_shortfall", D(1100)),
        ],
        tables.Fill: [fill()],
    }


def silver(**wrong: str) -> str:
    """What Silver would hold of these bars, as the command tells the warehouse; `wrong` on Monday."""
    dates = []
    for date in (FRIDAY, MONDAY):
        bars = [bar(symbol, date) for symbol in HELD]
        row = {"trade_date": str(date), "bars": str(len(bars)), "checksum": str(sum(map(checksum, bars)))}
        dates.append({**row, **(wrong if date == MONDAY else {})})
    until = closing_time(MONDAY).isoformat()
    return json.dumps({"read_at": "2099-01-01T00:00:00+00:00", "until": until, "dates": dates})


def checksum(one: Row) -> int:
    """Twelve hexadecimal digits of the MD5 of a bar's key and content."""
    prices = (f"{one[name]:.8f}" for name in ("open", "high", "low", "close", "vwap"))
    start = int(one["window_start"].timestamp()) * 1_000_000
    text = "|".join(map(str, (one["symbol"], start, *prices, one["volume"], one["trades"])))
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12], 16)


def write(dsn: str, rows: Rows) -> None:
    """Append what is new or changed, as the services do."""

    async def work(conn: Connection) -> None:
        for relation, content in rows.items():
            await append_revisions(conn, relation, content)

    with Database(dsn, max_size=1) as database:
        database.transaction(work)
