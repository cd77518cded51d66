"""Official values in schema ops: read back as messages, appended as revisions with what they replace."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from contracts import OptionTerms, PositionValue, Valuation
from endofday.adapters.inputs import OPTION
from endofday.core.closing import valuation_id
from endofday.core.day import Books
from store.bulk import insert_rows
from store.database import Connection
from store.tables import PortfolioValuation, PositionValuation, Restatement

DEFINITION = "closing/1"
"""Version of the rules of a closing value, for evidence."""
CAUSES_KEPT = 20
# By portfolio, since the table is ordered by it: a scan for the moment would read every window ever valued.
_HEADS = """
SELECT v.* FROM (SELECT DISTINCT portfolio_id FROM ops.portfolio) AS known CROSS JOIN LATERAL (
    SELECT * FROM ops.portfolio_valuation
     WHERE portfolio_id = known.portfolio_id AND as_of = $1 AND basis = 'bar'
     ORDER BY revision DESC LIMIT 1) AS v
 WHERE $2::text[] IS NULL OR v.portfolio_id = ANY ($2)
 ORDER BY v.portfolio_id
"""
# A line that left the book is not repeated by a later revision: lines count by the revision of their value.
_LINES = """
SELECT p.* FROM ops.position_valuation p
  JOIN unnest($2::text[], $3::int[]) AS v(portfolio_id, revision) USING (portfolio_id, revision)
 WHERE p.as_of = $1 AND p.basis = 'bar' ORDER BY p.portfolio_id, p.symbol
"""
_OPTIONS = """
SELECT DISTINCT ON (h.symbol) h.symbol, v.option
  FROM unnest($2::text[], $3::text[]) AS h(portfolio_id, symbol) CROSS JOIN LATERAL (
    SELECT option, as_of, revision FROM ops.position_valuation
     WHERE portfolio_id = h.portfolio_id AND symbol = h.symbol AND basis = 'bar'
       AND as_of > $1::timestamptz - interval '1 day' AND as_of < $1 AND option IS NOT NULL
     ORDER BY as_of DESC, revision DESC LIMIT 1) AS v
 ORDER BY h.symbol, v.as_of DESC, v.revision DESC
"""


async def read_official(
    conn: Connection, as_of: dt.datetime, portfolio_ids: Sequence[str] | None = None
) -> list[Valuation]:
    """The newest revision of the official values of one moment, with their lines."""
    heads = await conn.fetch(_HEADS, as_of, portfolio_ids)
    lines: dict[str, list[PositionValue]] = {row["portfolio_id"]: [] for row in heads}
    names = [row["portfolio_id"] for row in heads]
    for row in await conn.fetch(_LINES, as_of, names, [row["revision"] for row in heads]):
        lines[row["portfolio_id"]].append(_message(PositionValue, row, {}))
    return [_message(Valuation, row, {"positions": tuple(lines[row["portfolio_id"]])}) for row in heads]


async def read_options(conn: Connection, books: Books, as_of: dt.datetime) -> dict[str, OptionTerms]:
    """What each option was last officially valued with in the day before a moment, in any book."""
    options = {one.symbol for one in books.instruments.values() if one.asset_class == OPTION}
    held = [key for key in {*books.versions, *books.trades} if key[1] in options]
    if not held:
        return {}
    rows = await conn.fetch(_OPTIONS, as_of, [owner for owner, _ in held], [symbol for _, symbol in held])
    return {row["symbol"]: msgspec.convert(row["option"], OptionTerms) for row in rows}


async def append_official(
    conn: Connection, news: Sequence[tuple[Valuation, Valuation | None]], cause: str
) -> None:
    """Store values, each with the one it replaces; it names the revision that the new one follows."""
    revised = [(_next(value, was), was) for value, was in news]
    await insert_rows(conn, PortfolioValuation, [_head_row(value) for value, _ in revised])
    await insert_rows(conn, PositionValuation, [row for value, _ in revised for row in _line_rows(value)])
    replaced = [(value, was) for value, was in revised if was is not None]
    await insert_rows(conn, Restatement, [_restatement(value, was, cause) for value, was in replaced])


def differs(value: Valuation, stored: Valuation) -> bool:
    """Whether a value says something else than the stored one: another amount, position, price or rate."""
    return _content(value) != _content(stored)


def _content(value: Valuation) -> tuple[Any, ...]:
    lines = sorted(
        (one.symbol, one.quantity, one.price, one.fx_rate, one.market_value_base, one.unrealized_pnl_base)
        for one in value.positions
    )
    return value.currency, value.market_value, value.unrealized_pnl, value.members, lines


def _next(value: Valuation, was: Valuation | None) -> Valuation:
    revision = 1 if was is None else was.revision + 1
    name = valuation_id(value.portfolio_id, value.as_of, revision)
    return msgspec.structs.replace(value, revision=revision, valuation_id=name)


def _head_row(value: Valuation) -> dict[str, Any]:
    named = set(PortfolioValuation.columns()) - {"coverage", "fx_rates", "daily_pnl", "evidence"}
    return {
        **{name: getattr(value, name) for name in sorted(named)},
        "coverage": msgspec.to_builtins(value.coverage),
        "fx_rates": {currency: format(rate, "f") for currency, rate in value.fx_rates.items()},
        "daily_pnl": msgspec.to_builtins(value.daily_pnl),
        "evidence": {
            "definition": DEFINITION,
            "fx": {one.currency: one.fx_id for one in value.positions if one.fx_id is not None},
        },
    }


def _line_rows(value: Valuation) -> Iterator[dict[str, Any]]:
    for one in value.positions:
        yield {
            **msgspec.structs.asdict(one),
            "option": msgspec.to_builtins(one.option),
            "daily_pnl": msgspec.to_builtins(one.daily_pnl),
            "portfolio_id": value.portfolio_id,
            "as_of": value.as_of,
            "basis": value.basis,
            "valuation_id": value.valuation_id,
            "revision": value.revision,
            "recorded_at": value.recorded_at,
            "evidence": {
                "definition": DEFINITION,
                "price": one.price_id,
                "fx": one.fx_id,
                "position": f"{one.position_as_of.date()}:{one.position_version}",
            },
        }


def _restatement(value: Valuation, was: Valuation, cause: str) -> dict[str, Any]:
    moment = value.as_of.isoformat().replace("+00:00", "Z")
    return {
        "relation": "portfolio_valuation",
        "row_key": f"{value.portfolio_id}|{moment}|{value.basis}",
        "was": _told(was),
        "became": _told(value),
        "cause": cause,
        "revision": value.revision,
        "recorded_at": value.recorded_at,
        "evidence": {"rows": _changed_inputs(value, was)},
    }


def _told(value: Valuation) -> dict[str, Any]:
    amounts = {"market_value": value.market_value, "unrealized_pnl": value.unrealized_pnl}
    texts = {name: None if amount is None else format(amount, "f") for name, amount in amounts.items()}
    return {"revision": value.revision, **texts}


def _changed_inputs(value: Valuation, was: Valuation) -> list[str]:
    """Prices and rates of the value that the one before did not rest on."""
    before = {name for one in was.positions for name in (one.price_id, one.fx_id)}
    now = {name for one in value.positions for name in (one.price_id, one.fx_id) if name is not None}
    return sorted(now - before)[:CAUSES_KEPT]


def _message(kind: type[Any], row: Mapping[str, Any], more: Mapping[str, Any]) -> Any:
    """A contract message from a row that has its fields as columns; jsonb holds decimals as strings."""
    names = [name for name in kind.__struct_fields__ if name not in more and name in row.keys()]  # noqa: SIM118
    return msgspec.convert({name: row[name] for name in names} | dict(more), kind)
