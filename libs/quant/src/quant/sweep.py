"""Historical VaR and expected shortfall of many books at once, over one matrix of returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quant.arrays import Dates, Floats, Rows, check_same_length
from quant.confidence import BASIS_POINTS, minimum_scenarios, tail_rank
from quant.result import Missing, Result


@dataclass(frozen=True, slots=True)
class Books:
    """B books of linear positions, one after the other, as the rows of a sparse matrix are stored (CSR).

    Book b holds `columns[offsets[b]:offsets[b + 1]]`, which are rows of the returns, with market values
    `values[offsets[b]:offsets[b + 1]]` in the base currency of the returns. `offsets` (B + 1,) rise from 0 to
    the number of positions.
    """

    offsets: Rows
    columns: Rows
    values: Floats


@dataclass(frozen=True, slots=True)
class Sweep:
    """VaR and expected shortfall (B, C), positive losses, of B books at C confidences.

    `scenario` (B, C) is the row of the scenario that is the VaR, `ranks` (C,) its k, `tail_scenarios` (C,)
    N * p. `missing` tells why a book has no number; its cells are NaN and -1 and must not be read.
    """

    confidences_bp: tuple[int, ...]
    scenarios: int
    ranks: Rows
    tail_scenarios: Floats
    value_at_risk: Floats
    expected_shortfall: Floats
    scenario: Rows
    missing: Mapping[int, Missing]


def sweep(returns: Floats, books: Books, confidences_bp: Sequence[int]) -> Result[Sweep]:
    """`historical_var` and `expected_shortfall` of every book: the same k-th scenario, the same tail.

    Inputs: simple returns (F, N) in one base currency, one instrument per row (C-contiguous, so that a
    position adds one run of memory), scenarios by rising date; books with market values now; confidences in
    parts per 10,000. Returns that are not C-contiguous float64 are copied once per call.
    Output: losses positive, in the currency of the values. Formula: P&L of book b = sum of value times
    return; VaR = -x(k), k = ceil(N p) in integers; ES by Acerbi and Tasche. Sums run in the order of the
    positions, so numbers agree with the book-by-book functions to rounding.
    Edge cases: an empty book has a VaR and ES of 0. Of equal P&L the earlier scenario is named. A book whose
    P&L is not finite stands in `missing` and the others are not touched.
    Errors: Missing("too_few_scenarios") when N < 1 / p of the highest confidence or N < 2. ValueError for
    offsets, columns or shapes that do not fit, or no confidence.
    Source: docs/reference/measures/sweep.md.
    """
    _check(returns, books, confidences_bp)
    scenarios = returns.shape[1]
    least = max(2, *(minimum_scenarios(level) for level in confidences_bp))
    if scenarios < least:
        highest = max(confidences_bp) / BASIS_POINTS
        message = f"{scenarios} scenarios; a confidence of {highest} needs at least {least}"
        return Missing("too_few_scenarios", message)
    from quant.sweep_kernel import tails

    ranks = np.array([tail_rank(scenarios, level) for level in confidences_bp], dtype=np.int64)
    sizes = np.array([scenarios * (BASIS_POINTS - level) / BASIS_POINTS for level in confidences_bp])
    shape = (len(books.offsets) - 1, len(confidences_bp))
    var, shortfall, scenario = np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int64)
    tails(
        np.ascontiguousarray(returns, dtype=np.float64),
        np.ascontiguousarray(books.offsets, dtype=np.int64),
        np.ascontiguousarray(books.columns, dtype=np.int64),
        np.ascontiguousarray(books.values, dtype=np.float64),
        ranks,
        sizes,
        var,
        shortfall,
        scenario,
    )
    bad = Missing("not_finite", "the P&L of the book holds NaN or infinity; fill or drop gaps before")
    missing = {int(book): bad for book in np.flatnonzero(scenario[:, 0] < 0)}
    return Sweep(tuple(confidences_bp), scenarios, ranks, sizes, var, shortfall, scenario, missing)


def to_books(positions: Sequence[tuple[Sequence[int] | Rows, Sequence[float] | Floats]]) -> Books:
    """Books from (columns, values) of each, in order. Errors: ValueError when two differ in length."""
    for columns, values in positions:
        check_same_length(np.asarray(columns), np.asarray(values), "columns and values of a book")
    lengths = [len(columns) for columns, _ in positions]
    nothing = np.empty(0)
    return Books(
        offsets=np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64),
        columns=np.concatenate([nothing, *(np.asarray(columns) for columns, _ in positions)]).astype(
            np.int64
        ),
        values=np.concatenate([nothing, *(np.asarray(values) for _, values in positions)]).astype(np.float64),
    )


def scenario_dates(found: Sweep, dates: Dates) -> Dates:
    """The dates (B, C) of the scenarios that are the VaR; NaT where a book has no number."""
    if len(dates) != found.scenarios:
        raise ValueError(f"{len(dates)} dates for {found.scenarios} scenarios")
    named = dates[found.scenario].astype("datetime64[D]")
    named[found.scenario < 0] = np.datetime64("NaT")
    return named


def _check(returns: Floats, books: Books, confidences_bp: Sequence[int]) -> None:
    if returns.ndim != 2:
        raise ValueError(f"returns have {returns.ndim} dimensions; they must be (instruments, scenarios)")
    if not confidences_bp:
        raise ValueError("no confidence to compute")
    check_same_length(books.columns, books.values, "columns and values")
    offsets, columns = books.offsets, books.columns
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(columns) or (np.diff(offsets) < 0).any():
        raise ValueError("offsets must rise from 0 to the number of positions")
    if len(columns) and not (columns.min() >= 0 and columns.max() < len(returns)):
        raise ValueError(f"a column lies outside the {len(returns)} instruments of the returns")
