"""Historical VaR and expected shortfall of many books, beside NumPy, SciPy, skfolio and empyrical."""

import datetime as dt
from dataclasses import dataclass

import empyrical
import numpy as np
import scipy.sparse
import skfolio.measures

from bench.rows import Row, timed_ms
from quant import (
    DatedSeries,
    FactorMatrix,
    Missing,
    book_scenarios,
    expected_shortfall,
    factor_matrix,
    historical_var,
)
from quant.scenarios import Holding

BOOKS, POSITIONS, SCENARIOS, INSTRUMENTS = 1000, 100, 500, 5000
CONFIDENCE_BP = 9500
TAIL = SCENARIOS * (10_000 - CONFIDENCE_BP) // 10_000
PATH = f"historical VaR and ES, {BOOKS} books x {POSITIONS} positions x {SCENARIOS} scenarios"
PEER_BOOKS = 100
TARGET_MS = 25.0
NOTE = (
    f"Random returns of {INSTRUMENTS} instruments. The results agree before timing, those of skfolio and "
    "empyrical in the expected shortfall: they define the VaR scenario otherwise. Those two are given the "
    f"P&L of {PEER_BOOKS} books and scaled."
)


@dataclass(frozen=True)
class Sweep:
    """Random returns, and for each book its instruments (P,) and market values (P,).

    `by_instrument` (I, S) are the returns in the layout that serves the peers best: one instrument, one row.
    """

    factors: FactorMatrix
    by_instrument: np.ndarray
    places: np.ndarray
    values: np.ndarray
    holdings: list[list[Holding]]


def measure(runs: int) -> list[Row]:
    """Ours and the peers on the same books; they must agree before a time is taken."""
    sweep = make_sweep()
    _check(sweep)
    weights = sparse_weights(sweep)
    by_book = np.ascontiguousarray(pnl_by_gather(sweep)[:PEER_BOOKS])
    contenders = {
        "NumPy gather per book": lambda: tails(pnl_by_gather(sweep)),
        "SciPy CSR": lambda: tails(pnl_by_csr(sweep, weights)),
    }
    # Loops over single series: a tenth of the books is timed, P&L given, and scaled to all of them.
    loops = {
        "skfolio, tails only": lambda: [_skfolio(pnl) for pnl in by_book],
        "empyrical, tails only": lambda: [_empyrical(pnl) for pnl in by_book],
    }
    scale = BOOKS / PEER_BOOKS
    return [
        Row(
            path=PATH,
            subject="quant, book by book",
            unit="ms",
            values=timed_ms(lambda: ours(sweep), runs),
            target=TARGET_MS,
            note=NOTE,
        ),
        *(
            Row(path=PATH, subject=name, unit="ms", values=timed_ms(work, runs))
            for name, work in contenders.items()
        ),
        *(
            Row(path=PATH, subject=name, unit="ms", values=tuple(scale * ms for ms in timed_ms(work, runs)))
            for name, work in loops.items()
        ),
    ]


def make_sweep(seed: int = 5) -> Sweep:
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
    return Sweep(factors, np.ascontiguousarray(factors.returns.T), places, values, holdings)


def ours(sweep: Sweep) -> np.ndarray:
    """(books, 2): VaR and ES as the risk service computes them."""
    found = np.empty((len(sweep.holdings), 2))
    for number, held in enumerate(sweep.holdings):
        scenarios = book_scenarios(sweep.factors, held)
        assert not isinstance(scenarios, Missing)
        var = historical_var(scenarios.pnl, scenarios.dates, CONFIDENCE_BP)
        shortfall = expected_shortfall(scenarios.pnl, CONFIDENCE_BP)
        assert not isinstance(var, Missing)
        assert not isinstance(shortfall, Missing)
        found[number] = var.value, shortfall.value
    return found


def pnl_by_gather(sweep: Sweep) -> np.ndarray:
    """(books, scenarios) by picking each book's rows."""
    books = zip(sweep.places, sweep.values, strict=True)
    return np.array([values @ sweep.by_instrument[places] for places, values in books])


def sparse_weights(sweep: Sweep) -> scipy.sparse.csr_array:
    rows = np.repeat(np.arange(BOOKS), POSITIONS)
    return scipy.sparse.csr_array(
        (sweep.values.ravel(), (rows, sweep.places.ravel())), shape=(BOOKS, INSTRUMENTS)
    )


def pnl_by_csr(sweep: Sweep, weights: scipy.sparse.csr_array) -> np.ndarray:
    return weights @ sweep.by_instrument


def tails(pnl: np.ndarray) -> np.ndarray:
    """(books, 2): VaR and ES of P&L (books, scenarios); the tail is a whole number of scenarios here."""
    worst = np.sort(np.partition(pnl, TAIL, axis=1)[:, :TAIL], axis=1)
    return np.column_stack([-worst[:, -1], -worst.mean(axis=1)])


def _skfolio(pnl: np.ndarray) -> tuple[float, float]:
    return skfolio.measures.value_at_risk(pnl, beta=0.95), skfolio.measures.cvar(pnl, beta=0.95)


def _empyrical(pnl: np.ndarray) -> tuple[float, float]:
    return -empyrical.value_at_risk(pnl, 0.05), -empyrical.conditional_value_at_risk(pnl, 0.05)


def _check(sweep: Sweep) -> None:
    """Equal numbers first; of skfolio and empyrical the shortfall, since their VaR is another scenario."""
    expected = ours(sweep)
    np.testing.assert_allclose(tails(pnl_by_gather(sweep)), expected, rtol=1e-9)
    np.testing.assert_allclose(tails(pnl_by_csr(sweep, sparse_weights(sweep))), expected, rtol=1e-9)
    pnl = pnl_by_gather(sweep)[0]
    np.testing.assert_allclose(_skfolio(pnl)[1], expected[0, 1], rtol=1e-9)
    np.testing.assert_allclose(_empyrical(pnl)[1], expected[0, 1], rtol=1e-9)
