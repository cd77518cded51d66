"""Which portfolios somebody reaches, and mappings that show nothing beyond."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import msgspec

from api_gateway.core.tree import below, children_by_parent
from api_gateway.core.view import Key, View
from contracts import LimitEvent, Portfolio, Position

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The portfolios a principal is entitled to and all below them; None means all.

    One reach is one object for as long as the tree of portfolios stays the same, so it may key what was made
    for it.
    """

    portfolios: frozenset[str] | None

    def covers(self, portfolio_id: str) -> bool:
        return self.portfolios is None or portfolio_id in self.portfolios


EVERYTHING = Reach(None)
NOTHING = Reach(frozenset())


def reach_below(roots: frozenset[str], portfolios: Mapping[str, Portfolio]) -> Reach:
    """The reach of somebody entitled to `roots`."""
    children = children_by_parent(portfolios)
    return Reach(roots.union(*(below(children, root) for root in roots)))


class Within(Mapping[K, V], Generic[K, V]):
    """The part of a mapping whose keys are covered; it changes with the mapping."""

    def __init__(self, held: Mapping[K, V], covers: Callable[[K], bool]) -> None:
        self._held, self._covers = held, covers

    def __getitem__(self, key: K) -> V:
        if key not in self._held or not self._covers(key):
            raise KeyError(key)
        return self._held[key]

    def __iter__(self) -> Iterator[K]:
        return filter(self._covers, self._held)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class PortfoliosWithin(Within[str, Portfolio]):
    """Portfolios within a reach; a parent beyond it is not named."""

    def __getitem__(self, key: str) -> Portfolio:
        found = super().__getitem__(key)
        if found.parent_id is None or self._covers(found.parent_id):
            return found
        return msgspec.structs.replace(found, parent_id=None)


def view_within(view: View, reach: Reach) -> View:
    """What a view shows of the portfolios within a reach, now and later; to be read only.

    Its `changes` are those of everybody: whoever follows them says what it wants.
    """
    if reach is EVERYTHING:
        return view

    def keyed(held: Mapping[Key, V]) -> dict[Key, V]:
        return cast("dict[Key, V]", Within(held, lambda key: reach.covers(key[0])))

    return View(
        instruments=view.instruments,
        portfolios=cast("dict[str, Portfolio]", PortfoliosWithin(view.portfolios, reach.covers)),
        books=cast("dict[str, dict[str, Position]]", Within(view.books, reach.covers)),
        valuations=keyed(view.valuations),
        risks=keyed(view.risks),
        rates=keyed(view.rates),
        limits=cast(
            "dict[str, LimitEvent]",
            Within(view.limits, lambda name: reach.covers(view.limits[name].portfolio_id)),
        ),
        bars=view.bars,
        bar_check=view.bar_check,
        changes=view.changes,
    )
