"""Historical value at risk of a vector of scenario profits and losses."""

from dataclasses import dataclass

import numpy as np

from quant.arrays import Dates, Floats, check_same_length
from quant.confidence import unusable
from quant.quantiles import Estimator, quantile_weights
from quant.result import Result
from quant.tails import Tail, worst_first


@dataclass(frozen=True, slots=True)
class HistoricalVar:
    """A loss (positive) in the currency of the P&L, and the dated scenarios that make it.

    `tail` holds the scenarios and their weights. `rank` is k, counted from the worst, `scenario` its row in
    the input and `scenario_date` its date: of the scenario with the most weight, which is the only one for
    the default estimator. `mean_rank` is the weighted mean of ranks (5.99 for linear interpolation).
    """

    value: float
    rank: int
    scenarios: int
    scenario: int
    scenario_date: np.datetime64
    estimator: Estimator
    mean_rank: float
    tail: Tail


def historical_var(
    pnl: Floats, dates: Dates, confidence_bp: int, estimator: Estimator = "kth_worst"
) -> Result[HistoricalVar]:
    """Historical VaR; by default the k-th worst scenario, k = ceil(N * p) in integers, no interpolation.

    Inputs: scenario P&L (N,) in one currency, gains positive; scenario dates (N,); confidence in parts per
    10,000; the estimator, see `quantile_weights`.
    Output: minus the weighted mean of order statistics, -x(k) by default. A certain gain is a negative VaR
    and is kept; a flat book (all zeros) gives 0.
    Ties: the value is unique; the scenario named is the first by (P&L, date).
    Errors: Missing("too_few_scenarios") when N < 1 / p or N < 2, Missing("not_finite") for NaN or infinity.
    Source: Hyndman and Fan (1996) type 1 on the P&L; Hull, Risk Management and Financial Institutions, ch.
    13.
    """
    check_same_length(pnl, dates, "P&L and scenario dates")
    missing = unusable(pnl, confidence_bp)
    if missing is not None:
        return missing
    ranks = quantile_weights(len(pnl), confidence_bp, estimator)
    tail = ranks.tail(worst_first(pnl, dates))
    row = tail.heaviest()
    return HistoricalVar(
        value=tail.loss(pnl),
        rank=int(ranks.ranks[int(np.argmax(ranks.weights))]),
        scenarios=len(pnl),
        scenario=row,
        scenario_date=dates[row],
        estimator=estimator,
        mean_rank=ranks.mean_rank,
        tail=tail,
    )
