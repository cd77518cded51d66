"""Historical VaR and expected shortfall of many books, beside NumPy, SciPy, Polars, DuckDB and others."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import empyrical
import numpy as np
import polars as pl
import scipy.sparse
import skfolio.measures

from bench.rows import Row, timed_ms
from quant import (
    Books,
    DatedSeries,
    FactorMatrix,
    Holding,
    Missing,
    book_scenarios,
    expected_shortfall,
    factor_matrix,
    historical_var,
    sweep,
    to_books,
)

BOOKS, POSITIONS, SCENARIOS, INSTRUMENTS = 1000, 100, 500, 5000
CONFIDENCE_BP = 9500
TAIL = SCENARIOS * (10_000 - CONFIDENCE_BP) // 10_000
PATH = f"historical VaR and ES, {BOOKS} books x {POSITIONS} positions x {SCENARIOS} scenarios"
PEER_BOOKS = 100
TARGET_MS = 25.0
NOTE = (
    f"Random returns of {INSTRUMENTS} instruments; ours and the peers get them in the layout that serves "
    "each best. The results agree before timing, those of skfolio and empyrical in the "
    "expected shortfall: they define the VaR scenario otherwise. Those two are given the P&L of "
    f"{PEER_BOOKS} books and scaled; Polars takes {PEER_BOOKS} books at a time, which saves memory."
)


@dataclass(frozen=True)
class Input:
    """Random returns, and for each book its instruments (P,) and market values (P,).

    `by_instrument` (I, S) are the returns with one instrument per row; `books` and `holdings` say the same.
    """

    factors: FactorMatrix
    by_instrument: np.ndarray
    places: np.ndarray
    values: np.ndarray
    books: Books
    holdings: list[list[Holding]]


def measure(runs: int) -> list[Row]:
    """Ours and the peers on the same books; they must agree before a time is taken."""
    given = make_input()
    peers = whole_peers(given)
    expected = by_sweep(given)
    for name, work in peers.items():
        np.testing.assert_allclose(work(), expected, rtol=1e-9, err_msg=name)
    loops = loop_peers(given, expected)
    rows = [
        Row(
            path=PATH,
            subject="quant.sweep",
            unit="ms",
            values=timed_ms(lambda: by_sweep(given), runs),
            target=TARGET_MS,
            note=NOTE,
        )
    ]
    for name, work in peers.items():
        rows.append(Row(path=PATH, subject=name, unit="ms", values=timed_ms(work, runs)))
    for name, work in loops.items():
        scaled = tuple(BOOKS / PEER_BOOKS * ms for ms in timed_ms(work, runs))
        rows.append(Row(path=PATH, subject=name, unit="ms", values=scaled))
    return rows


def whole_peers(given: Input) -> dict[str, Callable[[], np.ndarray]]:
    """Everything that computes all books from returns and holdings; each gives (books, 2)."""
    weights = sparse_weights(given)
    wide, positions = polars_frames(given)
    connection = duckdb_tables(given)
    return {
        "quant, book by book": lambda: by_functions(given),
        "NumPy gather per book": lambda: tails(pnl_by_gather(given)),
        "SciPy CSR": lambda: tails(weights @ given.by_instrument),
        "Polars": lambda: by_polars(wide, positions),
        "DuckDB": lambda: by_duckdb(connection),
    }


def loop_peers(given: Input, expected: np.ndarray) -> dict[str, Callable[[], object]]:
    """Loops over single series: of a tenth of the books, P&L given."""
    by_book = np.ascontiguousarray(pnl_by_gather(given)[:PEER_BOOKS])
    np.testing.assert_allclose(_skfolio(by_book[0])[1], expected[0, 1], rtol=1e-9)
    np.testing.assert_allclose(_empyrical(by_book[0])[1], expected[0, 1], rtol=1e-9)
    return {
        "skfolio, tails only": lambda: [_skfolio(pnl) for pnl in by_book],
        "empyrical, tails only": lambda: [_empyrical(pnl) for pnl in by_book],
    }


def make_input(seed: int = 5) -> Input:
    random = np.random.default_rng(seed)
    first = np.datetime64(dt.date(2020, 1, 1))
    dates = first + np.arange(SCENARIOS + 1)
    levels = 100 * np.exp(np.cumsum(random.normal(0, 0.01, (SCENARIOS + 1, INSTRUMENTS)), axis=0))
    symbols = [f"S{number}" for number in range(INSTRUMENTS)]
    prices = {symbol: DatedSeries(dates, levels[:, place], "USD") for place, symbol in enumerate(symbols)}
    places = np.array([random.choice(INSTRUMENTS, POSITIONS, replace=False) for _ in range(BOOKS)])
    values = random.normal(0, 1e5, (BOOKS, POSITIONS))
    holdings = [
        [Holding(symbols[place], "USD", value, 1.0) for place, value in zip(row, amounts, strict=True)]
        for row, amounts in zip(places.tolist(), values.tolist(), strict=True)
    ]
    factors = factor_matrix(prices, {}, "USD", dates)
    books = to_books(list(zip(places, values, strict=True)))
    return Input(factors, np.ascontiguousarray(factors.returns.T), places, values, books, holdings)


def by_sweep(given: Input) -> np.ndarray:
    """(books, 2): VaR and ES of all books in one call."""
    found = sweep(given.by_instrument, given.books, (CONFIDENCE_BP,))
    assert not isinstance(found, Missing)
    assert not found.missing
    return np.column_stack([found.value_at_risk, found.expected_shortfall])


def by_functions(given: Input) -> np.ndarray:
    """(books, 2): VaR and ES as the risk service computes them for one book."""
    found = np.empty((len(given.holdings), 2))
    for number, held in enumerate(given.holdings):
        scenarios = book_scenarios(given.factors, held)
        assert not isinstance(scenarios, Missing)
        var = historical_var(scenarios.pnl, scenarios.dates, CONFIDENCE_BP)
        shortfall = expected_shortfall(scenarios.pnl, CONFIDENCE_BP)
        assert not isinstance(var, Missing)
        assert not isinstance(shortfall, Missing)
        found[number] = var.value, shortfall.value
    return found


def pnl_by_gather(given: Input) -> np.ndarray:
    """(books, scenarios) by picking each book's rows."""
    books = zip(given.places, given.values, strict=True)
    return np.array([values @ given.by_instrument[places] for places, values in books])


def sparse_weights(given: Input) -> scipy.sparse.csr_array:
    rows = np.repeat(np.arange(BOOKS), POSITIONS)
    return scipy.sparse.csr_array(
        (given.values.ravel(), (rows, given.places.ravel())), shape=(BOOKS, INSTRUMENTS)
    )


def tails(pnl: np.ndarray) -> np.ndarray:
    """(books, 2): VaR and ES of P&L (books, scenarios); the tail is a whole number of scenarios here."""
    worst = np.sort(np.partition(pnl, TAIL, axis=1)[:, :TAIL], axis=1)
    return np.column_stack([-worst[:, -1], -worst.mean(axis=1)])


def polars_frames(given: Input) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Returns with one instrument per row and one column per scenario, and positions."""
    wide = pl.DataFrame(given.by_instrument, schema=[f"s{number}" for number in range(SCENARIOS)])
    return wide.with_columns(instrument=pl.int_range(INSTRUMENTS)), pl.DataFrame(_positions(given))


def by_polars(wide: pl.DataFrame, positions: pl.DataFrame) -> np.ndarray:
    parts = [
        _polars_tails(wide, positions.filter(pl.col("book").is_between(first, first + PEER_BOOKS - 1)))
        for first in range(0, BOOKS, PEER_BOOKS)
    ]
    return pl.concat(parts).sort("book").select("var", "shortfall").to_numpy()


def _polars_tails(wide: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    scenarios = [name for name in wide.columns if name != "instrument"]
    worst = pl.col("value").bottom_k(TAIL)
    return (
        positions.lazy()
        .join(wide.lazy(), on="instrument")
        .group_by("book")
        .agg((pl.col(scenarios) * pl.col("amount")).sum())
        .unpivot(index="book")
        .group_by("book")
        .agg(var=-worst.max(), shortfall=-worst.mean())
        .collect()
    )


def duckdb_tables(given: Input) -> duckdb.DuckDBPyConnection:
    """Returns and positions as tables of an in-memory database."""
    connection = duckdb.connect()
    long = pl.DataFrame(
        {
            "instrument": np.repeat(np.arange(INSTRUMENTS), SCENARIOS),
            "scenario": np.tile(np.arange(SCENARIOS), INSTRUMENTS),
            "change": given.by_instrument.ravel(),
        }
    )
    held = pl.DataFrame(_positions(given))
    connection.register("long", long.to_arrow())
    connection.register("held", held.to_arrow())
    connection.execute("CREATE TABLE returns AS FROM long")
    connection.execute("CREATE TABLE positions AS FROM held")
    return connection


DUCKDB = f"""
WITH pnl AS (
    SELECT book, scenario, sum(amount * change) AS pnl
    FROM positions JOIN returns USING (instrument) GROUP BY book, scenario
), tails AS (
    SELECT book, min(pnl, {TAIL}) AS worst FROM pnl GROUP BY book
)
SELECT -list_max(worst) AS var, -list_avg(worst) AS shortfall FROM tails ORDER BY book
"""


def by_duckdb(connection: duckdb.DuckDBPyConnection) -> np.ndarray:
    return np.column_stack(list(connection.execute(DUCKDB).fetchnumpy().values()))


def _positions(given: Input) -> dict[str, np.ndarray]:
    return {
        "book": np.repeat(np.arange(BOOKS), POSITIONS),
        "instrument": given.places.ravel(),
        "amount": given.values.ravel(),
    }


def _skfolio(pnl: np.ndarray) -> tuple[float, float]:
    return skfolio.measures.value_at_risk(pnl, beta=0.95), skfolio.measures.cvar(pnl, beta=0.95)


def _empyrical(pnl: np.ndarray) -> tuple[float, float]:
    return -empyrical.value_at_risk(pnl, 0.05), -empyrical.conditional_value_at_risk(pnl, 0.05)
