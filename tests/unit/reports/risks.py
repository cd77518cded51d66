"""A closing book of three names with a year of history, its stored risk and one limit."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import numpy as np
from tests.unit.reports.books import KNOWN, MONDAY, US

from contracts import Coverage, PositionValue, Valuation
from measuring.core.history import DailyHistory
from quant import DatedSeries, business_dates
from reports.core.risk.rows import Component, Limit, Metric, RiskRows, TestedDay

CLOSE = dt.datetime(2013, 10, 7, 21, 0, tzinfo=dt.UTC)
DAYS = np.array(business_dates(dt.date(2011, 6, 1), dt.date(2013, 10, 4)), dtype="datetime64[D]")
TAIL = "confidence_bp={},horizon_days=1,method=historical,window=500"
FOUND = {
    "k": "5",
    "scenarios": "500",
    "scenario_date": "2011-08-08",
    "estimator": "kth_worst",
    "window_start": "2011-11-03",
    "window_end": "2013-10-04",
    "interval_lower": "90.5",
    "interval_upper": "140",
    "interval_coverage": "0.9810",
}


def position(symbol: str, value: str | None, **fields: Any) -> PositionValue:
    worth = None if value is None else D(value)
    values: dict[str, Any] = {
        "symbol": symbol,
        "asset_class": "equity",
        "quantity": D(10) if worth is None or worth > 0 else D(-10),
        "average_cost": D(1),
        "multiplier": D(1),
        "currency": "USD",
        "price": None if worth is None else abs(worth) / 10,
        "fx_rate": D(1),
        "market_value": worth,
        "market_value_base": worth,
        "price_pnl_base": D(0),
        "position_as_of": CLOSE,
        "position_version": 1,
        "stale": False,
    }
    return PositionValue(**{**values, **fields})


def closing(*positions: PositionValue, **fields: Any) -> Valuation:
    worth = [one.market_value_base for one in positions if one.market_value_base is not None]
    long, short = sum((v for v in worth if v > 0), D(0)), sum((v for v in worth if v < 0), D(0))
    priced = len(worth)
    values: dict[str, Any] = {
        "valuation_id": "US:bar",
        "portfolio_id": "US",
        "basis": "bar",
        "as_of": CLOSE,
        "recorded_at": KNOWN,
        "revision": 1,
        "currency": "USD",
        "market_value": long + short,
        "long_exposure": long,
        "short_exposure": short,
        "gross_exposure": long - short,
        "net_exposure": long + short,
        "coverage": Coverage(
            positions=len(positions),
            priced=priced,
            unpriced=len(positions) - priced,
            stale=0,
            complete=priced == len(positions),
            notes=(),
        ),
        "positions": positions,
        "fx_rates": {"USD": D(1)},
    }
    return Valuation(**{**values, **fields})


SAP = position("SAP", "600", currency="EUR", fx_rate=D("1.36"))
BOOK = (position("AIG", "1000"), position("BAC", "-400"), SAP)


def metric(measure: str, value: float | None, parameters: str = "", **fields: Any) -> Metric:
    values: dict[str, Any] = {"unit": "USD", "details": {}, "reason": None, "portfolio_id": "US"}
    return Metric(measure=measure, value=value, parameters=parameters, **{**values, **fields})


def component(symbol: str, amount: str | None, share: float | None = None, **fields: Any) -> Component:
    values: dict[str, Any] = {
        "portfolio_id": "US",
        "measure": "historical_var",
        "parameters": TAIL.format(9900),
        "component": None if amount is None else D(amount),
        "percent": share,
        "marginal": share,
        "reason": None,
    }
    return Component(symbol=symbol, **{**values, **fields})


def limit(limit_id: str, state: str | None, **fields: Any) -> Limit:
    values: dict[str, Any] = {
        "portfolio_id": "US",
        "scope": "portfolio",
        "scope_value": None,
        "measure": "historical_var",
        "parameters": "confidence_bp=9900",
        "warning_level": None,
        "hard_level": 100.0,
        "state": state,
        "state_since": None if state is None else CLOSE - dt.timedelta(hours=2),
        "value": None if state is None else 110.0,
        "unit": "USD",
        "as_of": CLOSE,
        "breach_id": None,
        "breach_opened_at": None,
        "armed_state": state,
        "severity": None,
        "reason": None,
        "message": None,
        "actions": [],
    }
    return Limit(limit_id=limit_id, **{**values, **fields})


def day_tested(date: dt.date, pnl: float | None, var: float | None) -> TestedDay:
    return TestedDay(portfolio_id="US", date=date, pnl=pnl, var=var)


def history() -> DailyHistory:
    """AIG swings by 2 % a day, BAC by 1 %, SAP and EURUSD rest; shares fell by a tenth on 2011-08-08."""
    steps = np.where(np.arange(len(DAYS)) % 2, 1.0, 0.0)
    crisis = np.where(np.datetime64("2011-08-08") <= DAYS, 0.9, 1.0)
    prices = {name: 100.0 * crisis * (1.0 + swing * steps) for name, swing in (("AIG", 0.02), ("BAC", 0.01))}
    prices["SAP"] = 50.0 * crisis
    return DailyHistory(
        "v1",
        prices={n: DatedSeries(DAYS, v, "EUR" if n == "SAP" else "USD") for n, v in prices.items()},
        quotes={"EURUSD": DatedSeries(DAYS, np.full(len(DAYS), 1.36))},
    )


def risk_rows(**fields: Any) -> RiskRows:
    values: dict[str, Any] = {
        "date": MONDAY,
        "known_at": KNOWN,
        "portfolios": [US],
        "closings": {"US": closing(*BOOK)},
        "metrics": [
            metric("historical_var", 80.0, TAIL.format(9500), details={**FOUND, "k": "25"}),
            metric("historical_var", 120.0, TAIL.format(9900), details=FOUND),
            metric("expected_shortfall", 150.0, TAIL.format(9900)),
            metric("volatility_20d", 0.21, "window=20", unit="ratio"),
            metric("concentration", 50.0, unit="percent", details={"symbol": "AIG"}),
        ],
        "components": [
            component("AIG", "100", 83.3),
            component("SAP", "60", 50.0),
            component("BAC", "-40", -33.3),
            component("AIG", "150", 100.0, measure="expected_shortfall"),
            component("SAP", "40", 26.7, measure="expected_shortfall"),
            component("BAC", "-40", -26.7, measure="expected_shortfall"),
        ],
        "limits": [limit("us-var", "OK", value=90.0)],
        "tested": [],
        "names": {"AIG": "American International Group"},
        "history": history(),
        "pivot": "USD",
    }
    return RiskRows(**{**values, **fields})
