"""SQLModel tables of schema `ops`: facts (append-only, with revisions) and states (newest values)."""

from store.tables.base import SCHEMA, Fact, Relation, State, metadata
from store.tables.books import Challenge, Fill, PnlDaily
from store.tables.limits import LimitAction, LimitDefinition, LimitEvent, LimitStatus
from store.tables.market import CorporateAction, DailyPrice, FxRate, PriceBar
from store.tables.operations import ApiKey, AuditLog, LivePrice, LiveValuation, Run, StreamOffset
from store.tables.reference import Instrument, Portfolio, Position
from store.tables.values import (
    PortfolioValuation,
    PositionValuation,
    Restatement,
    RiskMetric,
    VarComponent,
    canonical_parameters,
)

FACTS: tuple[type[Fact], ...] = (
    Instrument,
    Portfolio,
    Position,
    PriceBar,
    DailyPrice,
    FxRate,
    CorporateAction,
    PortfolioValuation,
    PositionValuation,
    RiskMetric,
    VarComponent,
    Restatement,
    Fill,
    PnlDaily,
    Challenge,
    LimitDefinition,
    LimitEvent,
    LimitStatus,
    LimitAction,
    Run,
)
STATES: tuple[type[State], ...] = (StreamOffset, LivePrice, LiveValuation, ApiKey)

__all__ = [
    "FACTS",
    "SCHEMA",
    "STATES",
    "ApiKey",
    "AuditLog",
    "Challenge",
    "CorporateAction",
    "DailyPrice",
    "Fact",
    "Fill",
    "FxRate",
    "Instrument",
    "LimitAction",
    "LimitDefinition",
    "LimitEvent",
    "LimitStatus",
    "LivePrice",
    "LiveValuation",
    "PnlDaily",
    "Portfolio",
    "PortfolioValuation",
    "Position",
    "PositionValuation",
    "PriceBar",
    "Relation",
    "Restatement",
    "RiskMetric",
    "Run",
    "State",
    "StreamOffset",
    "VarComponent",
    "canonical_parameters",
    "metadata",
]
