"""Portfolios of a report: what they are and in which order they are shown."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct


class Portfolio(Struct, frozen=True, kw_only=True):
    """A portfolio as it was on the date; one with members contains theirs."""

    portfolio_id: str
    name: str
    currency: str
    parent_id: str | None = None


class Placed(Struct, frozen=True, kw_only=True):
    """A portfolio and where it stands in the tree."""

    portfolio: Portfolio
    depth: int
    has_members: bool


def in_tree_order(portfolios: Iterable[Portfolio]) -> list[Placed]:
    """Parents before their members, equals by id; a parent that is not shown makes its members roots."""
    by_id = {one.portfolio_id: one for one in portfolios}
    members: dict[str | None, list[Portfolio]] = {}
    for one in sorted(by_id.values(), key=lambda one: one.portfolio_id):
        members.setdefault(one.parent_id if one.parent_id in by_id else None, []).append(one)
    placed: list[Placed] = []
    waiting = [(one, 0) for one in reversed(members.get(None, []))]
    while waiting:
        one, depth = waiting.pop()
        below = members.get(one.portfolio_id, [])
        placed.append(Placed(portfolio=one, depth=depth, has_members=bool(below)))
        waiting.extend((member, depth + 1) for member in reversed(below))
    return placed


def allowed(portfolios: Iterable[Portfolio], ids: Sequence[str] | None) -> list[Portfolio]:
    """Those that may be shown; None allows all."""
    return [one for one in portfolios if ids is None or one.portfolio_id in set(ids)]


def held_since(portfolios: Iterable[Portfolio], own: Mapping[str, dt.date]) -> dict[str, dt.date]:
    """When each portfolio or any of its members first held something; absent for those that never did."""
    found = dict(own)
    parents = {one.portfolio_id: one.parent_id for one in portfolios}
    for name, date in own.items():
        seen, parent = {name}, parents.get(name)
        while parent is not None and parent not in seen:
            found[parent] = min(found.get(parent, date), date)
            seen.add(parent)
            parent = parents.get(parent)
    return found
