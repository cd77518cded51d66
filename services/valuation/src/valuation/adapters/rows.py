"""Messages and state as rows of schema ops."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from contracts import FxRate, Instrument, Portfolio, Position, PositionValue, Trade, Valuation
from store import tables
from store.tables.base import Fact as FactTable
from valuation.core.moments import to_text, to_us
from valuation.core.official import Due, Stored, digest
from valuation.core.prices import NewestTick
from valuation.handlers import Fact

REFERENCE_TABLES: dict[type, type[FactTable]] = {
    Instrument: tables.Instrument,
    Portfolio: tables.Portfolio,
    Position: tables.Position,
    FxRate: tables.FxRate,
    Trade: tables.Fill,
}
ZERO = Decimal(0)
DEFINITION = "valuation/1"
"""Version of the formulas, for evidence."""


def reference_row(fact: Fact) -> dict[str, Any]:
    """A reference record with its revision; instruments and portfolios are valid from when they were
    recorded.
    """
    row = {**msgspec.structs.asdict(fact.record), "revision": fact.revision}
    if isinstance(fact.record, Trade):
        row["fill_id"] = row.pop("trade_id")
        row["fee"] = fact.record.fee or ZERO
    if isinstance(fact.record, Instrument | Portfolio):
        row["valid_from"] = fact.record.recorded_at
    return row


def trade_of(row: Mapping[str, Any]) -> Trade:
    """The trade that a row of ops.fill was made from."""
    names = set(Trade.__struct_fields__) - {"trade_id"}
    return Trade(trade_id=row["fill_id"], **{name: row[name] for name in names})


def price_row(symbol: str, tick: NewestTick) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "price_e8": tick.price_e8,
        "currency": tick.currency,
        "ts_event_us": tick.ts_event_us,
        "seq": tick.seq,
        "tick_id": tick.tick_id,
    }


def live_row(valuation: Valuation, payload: bytes) -> dict[str, Any]:
    return {
        "portfolio_id": valuation.portfolio_id,
        "valuation_id": valuation.valuation_id,
        "as_of": valuation.as_of,
        "recorded_at": valuation.recorded_at,
        "payload": msgspec.Raw(payload),
    }


def portfolio_row(valuation: Valuation) -> dict[str, Any]:
    """An official value. Its evidence names the rate of each currency; the digest recognises repeats."""
    columns = set(tables.PortfolioValuation.columns()) - {"coverage", "fx_rates", "evidence"}
    row = {name: getattr(valuation, name) for name in columns}
    return {
        **row,
        "coverage": msgspec.to_builtins(valuation.coverage),
        "fx_rates": {currency: format(rate, "f") for currency, rate in valuation.fx_rates.items()},
        "evidence": {
            "definition": DEFINITION,
            "digest": digest(valuation),
            "fx": {line.currency: line.fx_id for line in valuation.positions if line.fx_id is not None},
        },
    }


def position_rows(valuation: Valuation) -> Iterable[dict[str, Any]]:
    """The lines of an official value; the evidence names bar revision, rates and position version of each."""
    for line in valuation.positions:
        yield {
            **msgspec.structs.asdict(line),
            "option": msgspec.to_builtins(line.option),
            "portfolio_id": valuation.portfolio_id,
            "as_of": valuation.as_of,
            "basis": valuation.basis,
            "valuation_id": valuation.valuation_id,
            "revision": valuation.revision,
            "recorded_at": valuation.recorded_at,
            "evidence": line_evidence(line),
        }


def line_evidence(line: PositionValue) -> dict[str, Any]:
    """What a line's numbers come from."""
    return {
        "definition": DEFINITION,
        "price": line.price_id,
        "fx": line.fx_id,
        "position": f"{line.position_as_of.date()}:{line.position_version}",
    }


def restatement_row(due: Due, valuation: Valuation, was: Stored) -> dict[str, Any]:
    """What an official value was, what it became and which inputs changed."""
    return {
        "relation": "portfolio_valuation",
        "row_key": f"{valuation.portfolio_id}|{to_text(to_us(valuation.as_of))}|{valuation.basis}",
        "was": {
            "revision": was.revision,
            "market_value": was.market_value,
            "unrealized_pnl": was.unrealized_pnl,
        },
        "became": {
            "revision": valuation.revision,
            "market_value": _text(valuation.market_value),
            "unrealized_pnl": _text(valuation.unrealized_pnl),
        },
        "cause": ",".join(sorted({cause.partition(":")[0] for cause in due.causes})),
        "revision": valuation.revision,
        "recorded_at": valuation.recorded_at,
        "evidence": {"rows": list(due.causes)},
    }


def _text(amount: object) -> str | None:
    return None if amount is None else format(amount, "f")
