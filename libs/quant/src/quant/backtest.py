"""Backtests of VaR and expected shortfall: exceptions, coverage tests, Basel's zones, rolling forecasts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import bdtr, bdtrc, chdtrc, xlog1py, xlogy  # pyright: ignore[reportMissingTypeStubs]

from quant.arrays import Bools, Floats, check_same_length, not_finite
from quant.confidence import BASIS_POINTS, minimum_scenarios, tail_rank
from quant.result import Missing, Result

Zone = Literal["green", "yellow", "red"]
YELLOW_FROM, RED_FROM = 0.95, 0.9999  # cumulative binomial probability at which a zone starts
BASEL_DAYS, BASEL_CONFIDENCE_BP = 250, 9900
# Multipliers for 0, 1, ... 10 or more exceptions of 250 days at 99 %.
BASEL_III = (1.5, 1.5, 1.5, 1.5, 1.5, 1.7, 1.76, 1.83, 1.88, 1.92, 2.0)  # MAR32.9
BASEL_1996 = (3.0, 3.0, 3.0, 3.0, 3.0, 3.4, 3.5, 3.65, 3.75, 3.85, 4.0)


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Days on which the loss was greater than the VaR forecast for that day.

    `hits` (n,) marks them among the n days tested, in order; `tested` (days,) marks which days of the input
    those are; `missing` counts the days left out because P&L or VaR was NaN.
    """

    hits: Bools
    tested: Bools
    missing: int

    @property
    def days(self) -> int:
        """n, the days tested."""
        return len(self.hits)

    @property
    def count(self) -> int:
        """x, the exceptions."""
        return int(self.hits.sum())


@dataclass(frozen=True, slots=True)
class TestStatistic:
    """A likelihood ratio and the probability of one at least as large if the model is right."""

    statistic: float
    p_value: float
    degrees_of_freedom: int

    __test__ = False  # the name is the statistician's, not the test runner's


@dataclass(frozen=True, slots=True)
class Transitions:
    """How often a day of one kind followed another: n01 is an exception after a quiet day."""

    n00: int
    n01: int
    n10: int
    n11: int


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """Zone of a number of exceptions, with the first count of the yellow and of the red zone.

    `cumulative` is P(X <= x) if the model is right. The multipliers are those of 250 days at 99 %, else None.
    """

    zone: Zone
    cumulative: float
    yellow_from: int
    red_from: int
    multiplier: float | None
    multiplier_1996: float | None


@dataclass(frozen=True, slots=True)
class RollingForecasts:
    """One-day forecasts (days,) and the P&L (days,) they are judged by, oldest first; losses positive."""

    pnl: Floats
    var: Floats
    expected_shortfall: Floats


def exceptions(pnl: Floats, var: Floats) -> Result[Exceptions]:
    """The days on which the loss exceeded the VaR forecast.

    Inputs: P&L per day (days,), gains positive; VaR forecast for that day (days,), losses positive, made from
    data through the day before. Which P&L it is (hypothetical or actual) belongs beside the result.
    Formula: -pnl > var, strictly: a loss equal to the VaR is no exception.
    Edge cases: a day with NaN in either is left out and counted.
    Errors: Missing("too_few_scenarios") when no day is left; ValueError for different lengths.
    Source: docs/reference/measures/backtest.md; Basel MAR32.
    """
    check_same_length(pnl, var, "P&L and VaR")
    tested = np.isfinite(pnl) & np.isfinite(var)
    if not tested.any():
        return Missing("too_few_scenarios", f"none of {len(pnl)} days has both a P&L and a VaR forecast")
    hits = -pnl[tested] > var[tested]
    return Exceptions(hits, tested, missing=int(len(pnl) - tested.sum()))


def kupiec(days: int, count: int, confidence_bp: int) -> Result[TestStatistic]:
    """Proportion of failures (unconditional coverage): is the number of exceptions the one promised?

    Inputs: n days tested, x exceptions, confidence in parts per 10,000.
    Formula: LR = -2 ln[(1-p)^(n-x) p^x] + 2 ln[(1-x/n)^(n-x) (x/n)^x], chi-square with 1 degree of freedom.
    Edge cases: 0 ln 0 = 0, so x = 0 gives -2 n ln(1-p) and x = n gives -2 n ln p.
    Errors: Missing("too_few_scenarios") when n = 0; ValueError unless 0 <= x <= n.
    Source: Kupiec (1995), Techniques for verifying the accuracy of risk measurement models.
    """
    if (missing := _no_days(days, count)) is not None:
        return missing
    p = _tail(confidence_bp)
    ratio = 2.0 * (
        _log_likelihood(days - count, count, count / days) - _log_likelihood(days - count, count, p)
    )
    return _chi_square(ratio, 1)


def transitions(hits: Bools) -> Transitions:
    """Counts of the n - 1 pairs of successive days; all 0 for fewer than two days."""
    before, after = hits[:-1], hits[1:]
    return Transitions(
        n00=int((~before & ~after).sum()),
        n01=int((~before & after).sum()),
        n10=int((before & ~after).sum()),
        n11=int((before & after).sum()),
    )


def christoffersen(counts: Transitions) -> Result[TestStatistic]:
    """Independence: does an exception make one on the next day more or less likely?

    Input: transition counts. Formula: with pi01 = n01/(n00+n01), pi11 = n11/(n10+n11),
    pi = (n01+n11)/(n-1): LR = -2 ln[(1-pi)^(n00+n10) pi^(n01+n11)]
    + 2 ln[(1-pi01)^n00 pi01^n01 (1-pi11)^n10 pi11^n11], chi-square with 1 degree of freedom.
    Edge cases: no exception among the first n - 1 days: pi11 is undefined and LR = 0.
    Errors: Missing("too_few_scenarios") for fewer than two days.
    Source: Christoffersen (1998), Evaluating interval forecasts.
    """
    quiet, hit = counts.n00 + counts.n01, counts.n10 + counts.n11
    if quiet + hit == 0:
        return Missing("too_few_scenarios", "independence needs at least two days")
    if quiet == 0 or hit == 0:
        return _chi_square(0.0, 1)
    after = counts.n01 + counts.n11
    apart = _log_likelihood(counts.n00, counts.n01, counts.n01 / quiet)
    apart += _log_likelihood(counts.n10, counts.n11, counts.n11 / hit)
    together = _log_likelihood(counts.n00 + counts.n10, after, after / (quiet + hit))
    return _chi_square(2.0 * (apart - together), 1)


def conditional_coverage(found: Exceptions, confidence_bp: int) -> Result[TestStatistic]:
    """Coverage and independence together: the sum of both ratios, chi-square with 2 degrees of freedom.

    The coverage part uses all n days, the independence part the n - 1 transitions (as MATLAB).
    Errors: as `kupiec` and `christoffersen`.
    """
    coverage = kupiec(found.days, found.count, confidence_bp)
    independence = christoffersen(transitions(found.hits))
    if isinstance(coverage, Missing):
        return coverage
    if isinstance(independence, Missing):
        return independence
    return _chi_square(coverage.statistic + independence.statistic, 2)


def binomial_tail(days: int, count: int, confidence_bp: int) -> Result[float]:
    """Exact probability of `count` or more exceptions in `days` if the model is right, for small samples.

    One-sided: only too many exceptions speak against the model. x = 0 gives 1.
    Errors: as `kupiec`.
    """
    if (missing := _no_days(days, count)) is not None:
        return missing
    return 1.0 if count == 0 else float(bdtrc(count - 1, days, _tail(confidence_bp)))


def traffic_light(days: int, count: int, confidence_bp: int) -> Result[TrafficLight]:
    """Basel's zones at any level and sample size.

    Formula: yellow from the first x with binomial cdf >= 95 %, red from the first with cdf >= 99.99 %.
    Edge cases: the multiplier is given for 250 days at 99 % only, the sample it is defined for.
    Errors: as `kupiec`.
    Source: Basel Framework MAR32.9 and MAR99; Basel Committee (January 1996), Supervisory framework for the
    use of "backtesting", table 2.
    """
    if (missing := _no_days(days, count)) is not None:
        return missing
    cdf = np.asarray(bdtr(np.arange(days + 1), days, _tail(confidence_bp)), dtype=np.float64)
    yellow, red = (int(np.searchsorted(cdf, level)) for level in (YELLOW_FROM, RED_FROM))
    standard = (days, confidence_bp) == (BASEL_DAYS, BASEL_CONFIDENCE_BP)
    row = min(count, len(BASEL_III) - 1)
    return TrafficLight(
        zone="green" if count < yellow else "yellow" if count < red else "red",
        cumulative=float(cdf[count]),
        yellow_from=yellow,
        red_from=red,
        multiplier=BASEL_III[row] if standard else None,
        multiplier_1996=BASEL_1996[row] if standard else None,
    )


def acerbi_szekely(pnl: Floats, var: Floats, expected_shortfall: Floats, confidence_bp: int) -> Result[float]:
    """Z2, the unconditional test of expected shortfall: 0 is expected, below 0 means ES is too low.

    Inputs: P&L, VaR and ES forecasts (n,) of the same days; ES above zero.
    Formula: sum of pnl_t I_t / (n p ES_t), plus 1, where I_t marks an exception (strict).
    Edge cases: no exception gives 1. Under many models -0.7 is the 5 % critical value at 97.5 % and 250 days.
    Errors: Missing("too_few_scenarios") for no day, Missing("not_finite"), Missing("not_positive_value") for
    an ES at or below zero.
    Source: Acerbi and Szekely (2014), Backtesting expected shortfall, Risk; test 2.
    """
    check_same_length(pnl, var, "P&L and VaR")
    check_same_length(pnl, expected_shortfall, "P&L and ES")
    if len(pnl) == 0:
        return Missing("too_few_scenarios", "no day to test")
    for values, what in ((pnl, "a P&L"), (var, "a VaR"), (expected_shortfall, "an ES")):
        if (bad := not_finite(values, what)) is not None:
            return bad
    if not (expected_shortfall > 0).all():
        return Missing("not_positive_value", f"an ES forecast is {expected_shortfall.min()}")
    hits = -pnl > var
    total = float((pnl[hits] / expected_shortfall[hits]).sum())
    return total / (len(pnl) * _tail(confidence_bp)) + 1.0


def rolling_forecasts(pnl: Floats, window: int, days: int, confidence_bp: int) -> Result[RollingForecasts]:
    """VaR and ES of each of the last `days` days, each from the `window` scenarios before it.

    Inputs: P&L per date (T,) of one book, oldest first. Output: arrays (days,); fewer days when the history
    has only T - window of them.
    Formula: k-th worst of the window and Acerbi-Tasche, as `historical_var` and `expected_shortfall`; the
    forecast for t uses t - window .. t - 1 only.
    Errors: Missing("too_few_scenarios") for a window below 1 / p or when no day is left,
    Missing("not_finite").
    Source: docs/reference/measures/backtest.md.
    """
    if days < 1:
        raise ValueError(f"days {days} must be at least 1")
    if window < max(2, minimum_scenarios(confidence_bp)):
        needed = max(2, minimum_scenarios(confidence_bp))
        return Missing("too_few_scenarios", f"a window of {window}; this confidence needs at least {needed}")
    if len(pnl) <= window:
        return Missing(
            "too_few_scenarios", f"{len(pnl)} days of history; a window of {window} needs one more"
        )
    if (bad := not_finite(pnl, "scenario P&L")) is not None:
        return bad
    tested = pnl[window:][-days:]
    rows = np.lib.stride_tricks.sliding_window_view(pnl[:-1], window)[-len(tested) :]
    tail = window * (BASIS_POINTS - confidence_bp)
    whole, part = divmod(tail, BASIS_POINTS)
    rank = tail_rank(window, confidence_bp)  # whole + 1 when there is a part, else whole
    worst = np.sort(np.partition(rows, rank - 1, axis=1)[:, :rank], axis=1)
    total = worst[:, :whole].sum(axis=1)
    if part:
        total = total + part / BASIS_POINTS * worst[:, whole]
    return RollingForecasts(tested, 0.0 - worst[:, rank - 1], 0.0 - total / (tail / BASIS_POINTS))


def _tail(confidence_bp: int) -> float:
    minimum_scenarios(confidence_bp)  # refuses a confidence that is none
    return (BASIS_POINTS - confidence_bp) / BASIS_POINTS


def _no_days(days: int, count: int) -> Missing | None:
    if not 0 <= count <= max(days, 0):
        raise ValueError(f"{count} exceptions in {days} days")
    return Missing("too_few_scenarios", "no day to test") if days == 0 else None


def _log_likelihood(quiet: int, hits: int, p: float) -> float:
    """ln of (1-p)^quiet p^hits, with 0 ln 0 = 0."""
    return float(xlog1py(quiet, -p) + xlogy(hits, p))


def _chi_square(ratio: float, degrees: int) -> TestStatistic:
    statistic = max(ratio, 0.0)  # a likelihood ratio below 0 is rounding
    return TestStatistic(statistic, float(chdtrc(degrees, statistic)), degrees)
