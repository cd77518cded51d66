"""Which portfolio belongs to which: what lies above and below each."""


class Hierarchy:
    """Parents by portfolio, without circles. A parent may become known later than its children."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._children: dict[str, set[str]] = {}
        self._below: dict[str, tuple[str, ...]] = {}

    def put(self, portfolio_id: str, parent_id: str | None) -> None:
        """Put a portfolio below another one, or below none.

        Raises ValueError, with nothing changed, when it would become its own ancestor.
        """
        if parent_id is not None and portfolio_id in (parent_id, *self.above(parent_id)):
            raise ValueError(
                f"portfolio {portfolio_id} cannot belong to {parent_id}, which is itself below {portfolio_id}"
            )
        known = self._parents.pop(portfolio_id, None)
        if known is not None:
            self._children[known].discard(portfolio_id)
        if parent_id is not None:
            self._parents[portfolio_id] = parent_id
            self._children.setdefault(parent_id, set()).add(portfolio_id)
        if known != parent_id:
            self._below.clear()

    def above(self, portfolio_id: str) -> tuple[str, ...]:
        """Every portfolio that this one is part of, the nearest first."""
        found: list[str] = []
        while (parent := self._parents.get(portfolio_id)) is not None:
            found.append(parent)
            portfolio_id = parent
        return tuple(found)

    def below(self, portfolio_id: str) -> tuple[str, ...]:
        """Every portfolio that is part of this one, in alphabetical order."""
        if portfolio_id not in self._children:
            return ()
        found = self._below.get(portfolio_id)
        if found is None:
            children = self._children[portfolio_id]
            found = tuple(sorted({*children, *(one for child in children for one in self.below(child))}))
            self._below[portfolio_id] = found
        return found
