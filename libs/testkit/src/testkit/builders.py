"""Messages for tests: every field has a plain default, a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts import (
    Bar,
    Coverage,
    CoverageNote,
    FxRate,
    Instrument,
    Measure,
    Portfolio,
    Position,
    PositionValue,
    RiskReport,
    Tick,
    Trade,
    Valuation,
)

DAY = datetime(2013, 10, 7, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW = timedelta(minutes=5)


def moment(text: str) -> datetime:
    """`14:30` of the test day, or a date such as `2013-10-04`, in UTC."""
    if "-" in text:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    hours, minutes, *seconds = text.split(":")
    return DAY + timedelta(
        hours=int(hours), minutes=int(minutes), seconds=float(seconds[0]) if seconds else 0
    )


def to_us(when: datetime) -> int:
    return (when - EPOCH) // timedelta(microseconds=1)


def make_tick(symbol: str, at: str, price: str, *, seq: int = 1, **fields: Any) -> Tick:
    """A tick of the test day; its id is test/<symbol>/<seq>."""
    ts_us = to_us(moment(at))
    defaults: dict[str, Any] = {
        "tick_id": f"test/{symbol}/{seq}",
        "symbol": symbol,
        "ts_event_us": ts_us,
        "ts_ingest_us": ts_us + 1000,
        "price_e8": int(Decimal(price) * 10**8),
        "currency": symbol[3:] if len(symbol) == 6 else "USD",
        "exchange": "XOFF" if len(symbol) == 6 else "XNYS",
        "volume": 100,
        "seq": seq,
        "raw_partition": 0,
        "raw_offset": seq,
    }
    return Tick(**{**defaults, **fields})


def make_bar(symbol: str, start: str, close: str, *, revision: int = 1, **fields: Any) -> Bar:
    """A final bar with one price only."""
    window_start = moment(start)
    price = Decimal(close)
    defaults: dict[str, Any] = {
        "symbol": symbol,
        "window_start": window_start,
        "window_end": window_start + WINDOW,
        **dict.fromkeys(("open", "high", "low", "close", "vwap"), price),
        "volume": 100,
        "trades": 1,
        "currency": symbol[3:] if len(symbol) == 6 else "USD",
        "status": "final",
        "revision": revision,
        "first_tick_id": f"test/{symbol}/1",
        "last_tick_id": f"test/{symbol}/1",
        "as_of": window_start + WINDOW - timedelta(seconds=1),
        "recorded_at": DAY,
    }
    return Bar(**{**defaults, **fields})


def make_instrument(symbol: str, **fields: Any) -> Instrument:
    """A US equity, or an FX pair when the symbol has six letters."""
    pair = len(symbol) == 6
    defaults: dict[str, Any] = {
        "symbol": symbol,
        "name": symbol,
        "asset_class": "fx" if pair else "equity",
        "currency": symbol[3:] if pair else "USD",
        "exchange": "XOFF" if pair else "XNYS",
        "recorded_at": DAY,
    }
    return Instrument(**{**defaults, **fields})


def make_portfolio(portfolio_id: str, base_currency: str = "USD", **fields: Any) -> Portfolio:
    defaults: dict[str, Any] = {
        "portfolio_id": portfolio_id,
        "name": portfolio_id,
        "base_currency": base_currency,
        "recorded_at": DAY,
    }
    return Portfolio(**{**defaults, **fields})


def make_position(
    portfolio_id: str,
    symbol: str,
    quantity: str,
    average_cost: str = "100",
    as_of: str = "2013-10-04",
    **fields: Any,
) -> Position:
    defaults: dict[str, Any] = {
        "portfolio_id": portfolio_id,
        "symbol": symbol,
        "quantity": Decimal(quantity),
        "average_cost": Decimal(average_cost),
        "currency": symbol[3:] if len(symbol) == 6 else "USD",
        "as_of": moment(as_of),
        "recorded_at": DAY,
    }
    return Position(**{**defaults, **fields})


def make_trade(
    trade_id: str, portfolio_id: str, symbol: str, quantity: str, price: str, at: str = "14:00", **fields: Any
) -> Trade:
    defaults: dict[str, Any] = {
        "trade_id": trade_id,
        "portfolio_id": portfolio_id,
        "symbol": symbol,
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "currency": symbol[3:] if len(symbol) == 6 else "USD",
        "executed_at": moment(at),
        "seq": 0,
        "recorded_at": DAY,
    }
    return Trade(**{**defaults, **fields})


def make_fx_rate(pair: str, day: str, rate: str, **fields: Any) -> FxRate:
    defaults: dict[str, Any] = {"pair": pair, "as_of": moment(day), "rate": Decimal(rate), "recorded_at": DAY}
    return FxRate(**{**defaults, **fields})


def make_position_value(
    symbol: str, quantity: str, price: str | None, fx_rate: str = "1", **fields: Any
) -> PositionValue:
    """A position as valued: priced at cost, or unpriced when `price` is None."""
    units, rate = Decimal(quantity), Decimal(fx_rate)
    pair = len(symbol) == 6
    defaults: dict[str, Any] = {
        "symbol": symbol,
        "asset_class": "fx" if pair else "equity",
        "quantity": units,
        "average_cost": Decimal(price or 1),
        "multiplier": Decimal(1),
        "currency": symbol[3:] if pair else "USD",
        "position_as_of": moment("2013-10-04"),
        "position_version": 1,
        "stale": False,
    }
    if price is not None:
        value = units * Decimal(price)
        defaults |= {
            "price": Decimal(price),
            "fx_rate": rate,
            "market_value": value,
            "market_value_base": value * rate,
        }
    return PositionValue(**{**defaults, **fields})


def _sums(positions: tuple[PositionValue, ...], values: list[Decimal]) -> dict[str, Decimal]:
    zero = Decimal(0)
    held = [
        one.market_value_base
        for one in positions
        if one.market_value_base is not None and one.asset_class != "cash"
    ]
    long = sum((value for value in held if value > 0), zero)
    short = sum((value for value in held if value < 0), zero)
    price_part = sum((one.price_pnl_base or zero for one in positions), zero)
    fx_part = sum((one.fx_pnl_base or zero for one in positions), zero)
    return {
        "market_value": sum(values, zero),
        "long_exposure": long,
        "short_exposure": short,
        "gross_exposure": long - short,
        "net_exposure": long + short,
        "unrealized_price_pnl": price_part,
        "unrealized_fx_pnl": fx_part,
        "unrealized_pnl": price_part + fx_part,
    }


def make_valuation(portfolio_id: str, at: str, *positions: PositionValue, **fields: Any) -> Valuation:
    """A live valuation of the test day with the sums that belong to its positions."""
    values = [one.market_value_base for one in positions if one.market_value_base is not None]
    unpriced = len(positions) - len(values)
    defaults: dict[str, Any] = {
        "valuation_id": f"{portfolio_id}:last:{at}:1",
        "portfolio_id": portfolio_id,
        "basis": "last",
        "as_of": moment(at),
        "recorded_at": DAY,
        "revision": 0,
        "currency": "USD",
        **(_sums(positions, values) if values or not positions else {}),
        "coverage": Coverage(
            positions=len(positions),
            priced=len(values),
            unpriced=unpriced,
            stale=0,
            complete=unpriced == 0,
            notes=tuple(
                CoverageNote(symbol=p.symbol, reason="no_price") for p in positions if p.price is None
            ),
        ),
        "positions": positions,
        "fx_rates": {"USD": Decimal(1)},
    }
    return Valuation(**{**defaults, **fields})


def make_var(confidence_bp: int, value: float | None, unit: str = "USD", **fields: Any) -> Measure:
    """Historical value at risk over one day."""
    defaults: dict[str, Any] = {
        "measure": "historical_var",
        "value": value,
        "unit": unit,
        "parameters": {
            "confidence_bp": str(confidence_bp),
            "horizon_days": "1",
            "method": "historical",
            "window": "500",
        },
        "details": {
            "k": "25",
            "scenarios": "500",
            "scenario_date": "2012-11-07",
            "estimator": "kth_worst",
            "window_start": "2011-10-07",
            "window_end": "2013-10-04",
        },
        "definition": 1,
    }
    return Measure(**{**defaults, **fields})


def make_risk_report(portfolio_id: str, at: str, *measures: Measure, **fields: Any) -> RiskReport:
    """A live report of the test day on a complete valuation."""
    defaults: dict[str, Any] = {
        "portfolio_id": portfolio_id,
        "valuation_id": f"{portfolio_id}:last:{at}:1",
        "as_of": moment(at),
        "recorded_at": DAY,
        "currency": "USD",
        "basis": "last",
        "market_value": Decimal(1000),
        "coverage": Coverage(positions=1, priced=1, unpriced=0, stale=0, complete=True, notes=()),
        "history_version": "test",
        "measures": measures,
    }
    return RiskReport(**{**defaults, **fields})
