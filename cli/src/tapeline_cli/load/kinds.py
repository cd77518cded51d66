"""The kinds of files that `tapeline load` takes: their columns, and what identifies a row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts import Topic, topics
from tapeline_cli.load import fields
from tapeline_cli.load.fields import Parser


@dataclass(frozen=True)
class Column:
    """One column; `field` is its name in the record when that differs, `default` what an empty cell means."""

    name: str
    parse: Parser
    required: bool = True
    field: str = ""
    default: Any = None

    @property
    def target(self) -> str:
        return self.field or self.name


@dataclass(frozen=True)
class Kind:
    """One kind of file. `topic` is where its rows are sent; None for history, which goes to PostgreSQL."""

    name: str
    columns: tuple[Column, ...]
    identity: tuple[str, ...]
    topic: Topic | None = None

    def required(self) -> list[str]:
        return [column.name for column in self.columns if column.required]

    def known(self) -> list[str]:
        return [column.name for column in self.columns]


def optional(name: str, parse: Parser) -> Column:
    return Column(name, parse, required=False)


OPTION_TERMS = ("underlying", "strike", "expiry", "option_right")

PORTFOLIOS = Kind(
    "portfolios",
    (
        Column("portfolio_id", fields.portfolio_id),
        Column("name", fields.name),
        Column("base_currency", fields.currency),
        optional("parent_id", fields.portfolio_id),
    ),
    ("portfolio_id",),
    topics.PORTFOLIOS,
)
INSTRUMENTS = Kind(
    "instruments",
    (
        Column("symbol", fields.symbol),
        Column("name", fields.name),
        Column("asset_class", fields.asset_class),
        Column("currency", fields.currency),
        Column("exchange", fields.mic),
        optional("isin", fields.isin),
        optional("figi", fields.figi),
        optional("sector", fields.name),
        optional("multiplier", fields.positive),
        optional("issuer", fields.name),
        optional("underlying", fields.symbol),
        optional("strike", fields.positive),
        optional("expiry", fields.ending),
        optional("option_right", fields.option_right),
        optional("volatility", fields.volatility),
        optional("interest_rate", fields.annual_rate),
        optional("dividend_yield", fields.annual_rate),
    ),
    ("symbol",),
    topics.INSTRUMENTS,
)
POSITIONS = Kind(
    "positions",
    (
        Column("portfolio_id", fields.portfolio_id),
        Column("symbol", fields.symbol),
        Column("quantity", fields.not_zero),
        Column("average_cost", fields.not_negative),
        Column("currency", fields.currency),
        Column("as_of", fields.moment),
        optional("cost_fx_rate", fields.positive),
    ),
    ("portfolio_id", "symbol", "as_of"),
    topics.POSITIONS,
)
TRADES = Kind(
    "trades",
    (
        Column("trade_id", fields.trade_id),
        Column("portfolio_id", fields.portfolio_id),
        Column("symbol", fields.symbol),
        Column("quantity", fields.not_zero),
        Column("price", fields.positive),
        Column("currency", fields.currency),
        Column("executed_at", fields.moment),
        Column("seq", fields.whole, required=False, default=0),
        optional("fee", fields.not_negative),
    ),
    ("trade_id",),
    topics.TRADES,
)
FX = Kind(
    "fx",
    (
        Column("pair", fields.pair),
        Column("date", fields.moment, field="as_of"),
        Column("rate", fields.positive),
        optional("source", fields.name),
    ),
    ("pair", "as_of"),
    topics.FX_RATES,
)
PRICES = Kind(
    "prices",
    (
        Column("symbol", fields.symbol),
        Column("date", fields.day),
        Column("close", fields.positive),
        Column("currency", fields.currency),
        optional("open", fields.positive),
        optional("high", fields.positive),
        optional("low", fields.positive),
        optional("volume", fields.whole),
    ),
    ("symbol", "date"),
)
CORPORATE_ACTIONS = Kind(
    "corporate-actions",
    (
        Column("symbol", fields.symbol),
        Column("ex_date", fields.day),
        Column("type", fields.action_type),
        Column("value", fields.positive),
    ),
    ("symbol", "ex_date", "type"),
)
LIMITS = Kind(
    "limits",
    (
        Column("limit_id", fields.portfolio_id),
        Column("portfolio_id", fields.portfolio_id),
        Column("scope", fields.name),
        optional("scope_value", fields.name),
        Column("measure", fields.name),
        Column("parameters", fields.parameters, required=False, default=""),
        optional("warning_level", fields.positive),
        Column("hard_level", fields.positive),
        optional("hysteresis", fields.not_negative),
        optional("minimum_coverage", fields.not_negative),
        optional("max_age_s", fields.positive),
        optional("escalate_after_s", fields.positive),
        Column("active", fields.yes_or_no, required=False, default=True),
    ),
    ("limit_id",),
)

ALL = (PORTFOLIOS, INSTRUMENTS, POSITIONS, TRADES, PRICES, FX, CORPORATE_ACTIONS, LIMITS)
KINDS = {kind.name: kind for kind in ALL}


def row_rule(row: dict[str, Any]) -> tuple[str, str] | None:
    """A rule over several cells of one row: (column, what is wrong), or None."""
    high, low = row.get("high"), row.get("low")
    if isinstance(high, Decimal) and isinstance(low, Decimal) and high < low:
        return "high", f"is below low {low}; are the columns exchanged?"
    if "limit_id" in row and "hard_level" in row:
        return _limit_rule(row)
    return _option_rule(row)


def _limit_rule(row: dict[str, Any]) -> tuple[str, str] | None:
    """A limit that could not be evaluated."""
    from quant.limits import LimitLevels, check_limit  # half a second, which every other command would pay

    parameters = dict(part.split("=", 1) for part in row["parameters"].split(",") if part)
    try:
        check_limit(row["measure"], parameters, row["scope"], row.get("scope_value"))
    except ValueError as error:
        return "measure", str(error)
    if row.get("minimum_coverage", 0) > 1:
        return "minimum_coverage", "is a share of the positions, from 0 to 1"
    warning = row.get("warning_level")
    try:
        LimitLevels(
            float(row["hard_level"]),
            None if warning is None else float(warning),
            float(row.get("hysteresis", 0)),
        )
    except ValueError as error:
        return "hard_level", str(error)
    return None


def _option_rule(row: dict[str, Any]) -> tuple[str, str] | None:
    """An option tells all its terms, anything else tells none."""
    told = [name for name in OPTION_TERMS if name in row]
    if row.get("asset_class") == "option":
        missing = [name for name in OPTION_TERMS if name not in row]
        if missing:
            return "asset_class", f"needs {', '.join(missing)}"
        if row["underlying"] == row["symbol"]:
            return "underlying", "is the option itself"
    elif told:
        return told[0], "is for options; asset_class says otherwise"
    return None
