"""A book of three names with history, risk and limits in ops; on top of the rows of the warehouse tests."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

from tests.integration.warehouse import books
from tests.integration.warehouse.books import FRIDAY, HELD, MONDAY

from quant import business_dates
from store import tables

TAIL = "confidence_bp=9900,horizon_days=1,method=historical,window=500"
FOUND = {
    "k": "5",
    "scenarios": "500",
    "scenario_date": "2011-08-08",
    "estimator": "kth_worst",
    "window_start": "2011-10-03",
    "window_end": "2013-10-04",
    "interval_lower": "700.5",
    "interval_upper": "1200.25",
    "interval_coverage": "0.9800",
}
PERIOD = (dt.date(2011, 7, 29), dt.date(2011, 10, 3))
"""Closes before and at the end of the named period euro_crisis_2011."""
CRISIS = {"AIG": (D("28.70"), D("20.07")), "BAC": (D("9.71"), D("5.53")), "SAP": (D("43.60"), D("38.05"))}


def rows() -> books.Rows:
    """What a close of Monday, 2013-10-07, leaves behind; October was frozen day by day."""
    early = [
        books.pnl(symbol, date, **dict.fromkeys(("price", "fx", "total"), D(0)))
        for date in business_dates(dt.date(2013, 10, 1), FRIDAY)
        for symbol in HELD
    ]
    good = books.good_rows()
    for valuation in good[tables.PortfolioValuation]:
        valuation["coverage"]["notes"] = []
    good[tables.PnlDaily] = [*early, *good[tables.PnlDaily]]
    good[tables.RiskMetric] = [
        books.risk("historical_var", 900.0, parameters=TAIL, details=FOUND),
        books.risk("expected_shortfall", 1100.0, parameters=TAIL),
        books.risk("historical_var", 800.0, parameters=TAIL, as_of=books.closing_time(FRIDAY)),
        books.risk(
            "volatility_20d", 0.21, parameters="periods_per_year=252,returns=log,window=20", unit="ratio"
        ),
        books.risk("concentration", 88.5, parameters="", unit="percent", details={"symbol": "BAC"}),
    ]
    good[tables.VarComponent] = [
        *books.components("historical_var", D(900), parameters=TAIL),
        *books.components("expected_shortfall", D(1100), parameters=TAIL),
    ]
    return {
        **good,
        tables.Position: [_position(symbol) for symbol in HELD],
        tables.DailyPrice: _closes(),
        tables.FxRate: _fixings(),
        tables.LimitDefinition: [_limit("us-var", 850.0), _limit("us-idle", 99.0), _limit("us-tight", 890.0)],
        tables.LimitStatus: [
            _close("us-tight", dt.date(2013, 10, 3), "BREACH", 950.0),
            _close("us-tight", FRIDAY, "WARNING", 800.0),
            _close("us-tight", MONDAY, "WARNING", 880.0),
        ],
        tables.LimitEvent: [_event(1, "OK", "14:00"), _event(2, "BREACH", "15:30")],
        tables.LimitAction: [
            {
                "action_id": "us-var:2:acknowledge",
                "limit_id": "us-var",
                "action": "acknowledge",
                "actor": "ann",
                "note": "seen",
                "breach_id": "us-var:2",
            }
        ],
    }


def correction() -> books.Rows:
    """The close of AIG on Monday comes out a dollar lower: one line of profit and its bar change."""
    late = books.pnl("AIG")
    changed = late["price"] - D(100)
    return {
        tables.PnlDaily: [{**late, "price": changed, "total": late["total"] - D(100)}],
        tables.Restatement: [
            {
                "relation": "price_bar",
                "row_key": f"AIG|{(books.closing_time(MONDAY) - dt.timedelta(minutes=5)).isoformat()}",
                "was": {"close": "48.72"},
                "became": {"close": "47.72"},
                "cause": "late_ticks",
            }
        ],
    }


def _position(symbol: str) -> dict[str, Any]:
    return {
        "portfolio_id": "US",
        "symbol": symbol,
        "as_of": books.SINCE,
        "quantity": HELD[symbol],
        "average_cost": books.COST,
        "currency": books.currency(symbol),
    }


def _closes() -> list[dict[str, Any]]:
    """The ends of a crisis, and thirty flat closes before Monday."""
    found = {
        (symbol, date): value
        for symbol, ends in CRISIS.items()
        for date, value in zip(PERIOD, ends, strict=True)
    }
    dates = business_dates(dt.date(2013, 8, 20), FRIDAY)
    found |= {(symbol, date): books.CLOSES[symbol][FRIDAY] for symbol in HELD for date in dates}
    return [
        {"symbol": symbol, "date": date, "close": close, "currency": books.currency(symbol)}
        for (symbol, date), close in found.items()
    ]


def _fixings() -> list[dict[str, Any]]:
    rates = {PERIOD[0]: D("1.43"), PERIOD[1]: D("1.32"), FRIDAY: books.RATES[FRIDAY]}
    return [
        {"pair": "EURUSD", "as_of": books.closing_time(date), "rate": rate} for date, rate in rates.items()
    ]


def _limit(name: str, hard: float) -> dict[str, Any]:
    return {
        "limit_id": name,
        "portfolio_id": "US",
        "scope": "portfolio",
        "measure": "historical_var",
        "parameters": "confidence_bp=9900",
        "hard_level": hard,
        "active": True,
    }


def _close(name: str, date: dt.date, state: str, value: float) -> dict[str, Any]:
    return {
        "limit_id": name,
        "date": date,
        "portfolio_id": "US",
        "as_of": books.closing_time(date),
        "valuation_id": f"US:{date}",
        "state": state,
        "armed_state": state,
        "value": value,
        "unit": "USD",
        "hard_level": 890.0,
    }


def _event(sequence: int, state: str, time: str) -> dict[str, Any]:
    as_of = dt.datetime.combine(MONDAY, dt.time.fromisoformat(time), dt.UTC)
    breach = state == "BREACH"
    return {
        "event_id": f"us-var:{sequence}",
        "limit_id": "us-var",
        "sequence": sequence,
        "kind": "transition",
        "portfolio_id": "US",
        "scope": "portfolio",
        "measure": "historical_var",
        "parameters": "confidence_bp=9900",
        "state": state,
        "armed_state": state,
        "value": 900.0 if breach else 700.0,
        "unit": "USD",
        "hard_level": 850.0,
        "as_of": as_of,
        "breach_id": "us-var:2" if breach else None,
        "breach_opened_at": as_of if breach else None,
        "severity": 1 if breach else None,
    }
