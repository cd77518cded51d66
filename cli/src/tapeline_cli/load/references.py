"""Checks that rows name things that exist: parents, portfolios, instruments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from msgspec import Struct

from contracts import Trade
from tapeline_cli.load.files import FileProblems, Row

TRADE_FIELDS = [name for name in Trade.__struct_fields__ if name != "recorded_at"]


def check_parents(path: Path, rows: list[Row], parents: Mapping[str, str | None]) -> None:
    """Every parent portfolio exists and none is its own ancestor. Raises FileProblems.

    `parents` are the portfolios known before: id -> parent or None.
    """
    known = {**parents, **{row.values["portfolio_id"]: row.values.get("parent_id") for row in rows}}
    problems: list[str] = []
    for row in rows:
        parent = row.values.get("parent_id")
        if parent is not None and parent not in known:
            problems.append(f" line {row.line}, parent_id {parent!r}: no such portfolio; add it to the file")
        elif row.values["portfolio_id"] in _ancestors(row.values["portfolio_id"], known):
            problems.append(f" line {row.line}, parent_id {parent!r}: makes the portfolio its own ancestor")
    if problems:
        raise FileProblems(path, problems)


def check_portfolios(path: Path, rows: list[Row], portfolios: Collection[str]) -> None:
    """Every position or trade belongs to a known portfolio: without its base currency it has no value."""
    problems = [
        f" line {row.line}, portfolio_id {row.values['portfolio_id']!r}: no such portfolio; "
        "run `tapeline load portfolios` first"
        for row in rows
        if row.values["portfolio_id"] not in portfolios
    ]
    if problems:
        raise FileProblems(path, problems)


def warn_instruments(rows: list[Row], instruments: Collection[str], warn: Callable[[str], None]) -> None:
    """A position may come before its instrument; it is listed as unpriced until then."""
    unknown = sorted({row.values["symbol"] for row in rows} - set(instruments))
    if unknown:
        warn(
            f"no instrument yet: {', '.join(unknown)}; these positions stay unpriced until "
            "`tapeline load instruments`"
        )


def check_currencies(path: Path, rows: list[Row], currencies: Mapping[str, str]) -> None:
    """Every trade is in the currency of its instrument, where that is known: symbol -> currency."""
    problems = [
        f" line {row.line}, currency {row.values['currency']!r}: {row.values['symbol']} is priced in "
        f"{currencies[row.values['symbol']]}, so it is traded in that"
        for row in rows
        if currencies.get(row.values["symbol"], row.values["currency"]) != row.values["currency"]
    ]
    if problems:
        raise FileProblems(path, problems)


def check_trades(path: Path, rows: list[Row], present: Mapping[bytes, list[Struct]]) -> None:
    """No trade that was booked comes again with another content: the first one counts."""
    booked = {getattr(record, "trade_id", ""): record for records in present.values() for record in records}
    problems = [
        f" line {row.line}, trade_id {name!r}: is booked with another content; "
        "book what differs as a trade of its own"
        for row in rows
        if (was := booked.get(name := row.values["trade_id"])) is not None
        and any((getattr(was, field) or 0) != (row.values.get(field) or 0) for field in TRADE_FIELDS)
    ]
    if problems:
        raise FileProblems(path, problems)


def _ancestors(portfolio: str, parents: Mapping[str, str | None]) -> set[str]:
    seen: set[str] = set()
    parent = parents.get(portfolio)
    while parent is not None and parent not in seen:
        seen.add(parent)
        parent = parents.get(parent)
    return seen
