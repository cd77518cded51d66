"""From the ids in a valuation to what they name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from api_gateway.core.values import money
from api_gateway.schemas.evidence import (
    EvidenceLine,
    FillSource,
    PositionSource,
    Restated,
    Source,
    TickRange,
    ValueEvidence,
)
from contracts import PositionValue, Valuation, topics

Row = Mapping[str, Any]
_STORED = re.compile(r"^(bar|fx):(.+?):(\d{4}-\d\d-\d\dT.+Z):(\d+)$")
_MODEL = re.compile(r"^model:[^:]*:(.+)$")


class RowKey(NamedTuple):
    """Revision of a bar (symbol, window_start) or of a daily rate (pair, as_of)."""

    relation: str
    name: str
    moment: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Found:
    """The stored rows behind a valuation."""

    sources: Mapping[RowKey, Row] = field(default_factory=dict[RowKey, Row])
    positions: Iterable[Row] = ()
    fills: Iterable[Row] = ()
    restatements: Iterable[Row] = ()


def row_key(source_id: str) -> RowKey | None:
    """The row that an id names; None for the id of a tick and for ids that name no row."""
    match = _STORED.match(source_id)
    if match is None:
        return None
    relation, name, moment, revision = match.groups()
    return RowKey(relation, name, datetime.fromisoformat(moment), int(revision))


def row_keys(valuation: Valuation) -> list[RowKey]:
    """Every stored row that prices and rates of the valuation name."""
    ids = (one for line in valuation.positions for one in (*_price_ids(line), *_fx_ids(line)))
    return sorted({key for one in ids if (key := row_key(one)) is not None})


def evidence(valuation: Valuation, found: Found) -> ValueEvidence:
    """The valuation with every id resolved; what is not stored keeps its id alone."""
    return ValueEvidence(
        portfolio_id=valuation.portfolio_id,
        basis=valuation.basis,
        as_of=valuation.as_of,
        recorded_at=valuation.recorded_at,
        revision=valuation.revision,
        valuation_id=valuation.valuation_id,
        currency=valuation.currency,
        market_value=money(valuation.market_value, valuation.currency),
        coverage=valuation.coverage,
        lines=tuple(
            _line(line, valuation.currency, found)
            for line in sorted(valuation.positions, key=lambda one: one.symbol)
        ),
        restatements=tuple(_restated(row) for row in found.restatements),
    )


def _line(line: PositionValue, base_currency: str, found: Found) -> EvidenceLine:
    return EvidenceLine(
        symbol=line.symbol,
        quantity=line.quantity,
        multiplier=line.multiplier,
        price=line.price,
        currency=line.currency,
        fx_rate=line.fx_rate,
        market_value_base=money(line.market_value_base, base_currency),
        price_sources=tuple(_price(one, line, found.sources) for one in _price_ids(line)),
        fx_sources=tuple(_source(one, found.sources) for one in _fx_ids(line)),
        positions=tuple(_position(row) for row in found.positions if row["symbol"] == line.symbol),
        fills=tuple(_fill(row) for row in found.fills if row["symbol"] == line.symbol),
    )


def _price_ids(line: PositionValue) -> tuple[str, ...]:
    """The id of the price, for a model price that of the underlying's price too."""
    if line.price_id is None:
        return ()
    model = _MODEL.match(line.price_id)
    return (line.price_id,) if model is None else (line.price_id, model.group(1))


def _fx_ids(line: PositionValue) -> tuple[str, ...]:
    return () if line.fx_id is None else tuple(line.fx_id.split("+"))


def _price(source_id: str, line: PositionValue, rows: Mapping[RowKey, Row]) -> Source:
    """A live price is stored in the line itself: value and time are those of its tick."""
    if line.asset_class == "cash":
        return _bare(source_id, "cash", line)
    if source_id == line.price_id and _MODEL.match(source_id):
        return _bare(source_id, "model", line)
    if source_id == line.price_id and row_key(source_id) is None:
        return _bare(source_id, "tick", line)
    return _source(source_id, rows)


def _bare(source_id: str, kind: Any, line: PositionValue) -> Source:
    return Source(
        id=source_id,
        kind=kind,
        symbol=line.symbol,
        value=line.price,
        currency=line.currency,
        as_of=line.price_as_of,
        revision=None,
        recorded_at=None,
        tick_id=source_id if kind == "tick" else None,
    )


def _source(source_id: str, rows: Mapping[RowKey, Row]) -> Source:
    key = row_key(source_id)
    row = None if key is None else rows.get(key)
    if key is None or row is None:
        kind = "same" if source_id == "same" else "tick" if key is None else _KINDS[key.relation]
        return Source(
            id=source_id,
            kind=kind,
            symbol=None if key is None else key.name,
            value=None,
            currency=None,
            as_of=None,
            revision=None if key is None else key.revision,
            recorded_at=None,
            tick_id=source_id if kind == "tick" else None,
        )
    return Source(
        id=source_id,
        kind=_KINDS[key.relation],
        symbol=key.name,
        value=row["value"],
        currency=row["currency"],
        as_of=row["as_of"],
        revision=key.revision,
        recorded_at=row["recorded_at"],
        tick_id=row.get("last_tick_id"),
        ticks=_ticks(row),
    )


_KINDS: Mapping[str, Any] = {"bar": "bar", "fx": "fixing"}


def _ticks(row: Row) -> TickRange | None:
    told = row["evidence"].get("ticks")
    if told is None:
        return None
    return TickRange(
        topic=topics.TICKS.name,
        partition=told["partition"],
        last_offset=told["last_offset"],
        count=told["count"],
    )


def _position(row: Row) -> PositionSource:
    return PositionSource(**{name: row[name] for name in PositionSource.__struct_fields__})


def _fill(row: Row) -> FillSource:
    return FillSource(**{name: row[name] for name in FillSource.__struct_fields__})


def _restated(row: Row) -> Restated:
    return Restated(
        revision=row["revision"],
        recorded_at=row["recorded_at"],
        cause=row["cause"],
        was=row["was"],
        became=row["became"],
        rows=tuple(row["evidence"].get("rows", ())),
    )
