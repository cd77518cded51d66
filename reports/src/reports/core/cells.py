"""Cells that both reports have."""

from contracts.analysis.common import Unavailable
from reports.core.document import Absent, Cell

INDENT = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"


def label(portfolio_id: str, depth: int) -> str:
    """A portfolio, indented below its parent."""
    return INDENT * depth + portfolio_id


def told(value: Cell, why: Unavailable | None, otherwise: str = "unknown") -> Cell:
    """A number, or why there is none; `otherwise` where no reason was given."""
    if value is not None:
        return value
    return Absent(otherwise if why is None else why.reason)
