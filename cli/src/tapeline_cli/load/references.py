"""Checks that rows name things that exist: parents, portfolios, instruments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from tapeline_cli.load.files import FileProblems, Row


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
    """Every position belongs to a known portfolio: without its base currency it has no value."""
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


def _ancestors(portfolio: str, parents: Mapping[str, str | None]) -> set[str]:
    seen: set[str] = set()
    parent = parents.get(portfolio)
    while parent is not None and parent not in seen:
        seen.add(parent)
        parent = parents.get(parent)
    return seen
