"""The volatility at which the model gives a price: a bracketed Newton search, vectorised."""

from typing import cast

import numpy as np
from scipy.special import ndtr  # pyright: ignore[reportMissingTypeStubs]

from quant.arrays import Bools, Floats, not_finite, not_positive
from quant.options import Numbers, OptionRight, Rights, signs
from quant.result import Missing, Result

WIDEST = 40.0
"""Standard deviation of the log spot at which every option is worth its upper bound, to the last digit."""
TOLERANCE = 1e-12
NEWTON_STEPS = 40
STEPS = NEWTON_STEPS + 60
"""After the Newton steps, of which a handful is usual, the bracket is halved, 60 times to the last digit."""


def implied_volatility(
    right: OptionRight,
    price: float,
    spot: float,
    strike: float,
    years: float,
    interest_rate: float = 0.0,
    dividend_yield: float = 0.0,
) -> Result[float]:
    """The one of `implied_volatilities` for one option."""
    return implied_volatilities(right, price, spot, strike, years, interest_rate, dividend_yield)[0]


def implied_volatilities(
    right: Rights,
    price: Numbers,
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    interest_rate: Numbers = 0.0,
    dividend_yield: Numbers = 0.0,
) -> tuple[Result[float], ...]:
    """The annual volatility that makes `black_scholes_merton` give each price.

    Inputs: as `black_scholes_merton`, with the price per unit instead of the volatility; scalars or arrays
    that broadcast to one dimension. Output: one result per option, a fraction per year.
    Formula: the root in s sqrt T of ln(model) - ln(price) for the out-of-the-money side (put-call parity),
    by Newton steps inside a bracket that is halved whenever a step leaves it, or when they take too long.
    Edge cases: a price equal to the discounted forward intrinsic value gives 0, the smallest volatility with
    that price; a price so near to it that nothing is left after the subtraction is as uncertain as the price.
    Errors: per option Missing("no_volatility") for a price below that intrinsic value or at or above its
    upper bound (discounted spot for a call, discounted strike for a put), or when no time is left, so that
    volatility has no effect; Missing("not_finite") and Missing("not_positive_value") as the pricing function.
    ValueError for a negative time.
    Source: Manaster and Koehler (1982) for Newton's search; Jaeckel (2015), Let's be rational, for the
    normalised out-of-the-money price.
    """
    given = (price, spot, strike, years, interest_rate, dividend_yield)
    arrays = [np.asarray(one, dtype=np.float64) for one in given]
    names = ("price", "spot", "strike", "years", "interest rate", "dividend yield")
    for name, values in zip(names, arrays, strict=True):
        check = not_positive if name in ("spot", "strike") else not_finite
        bad = check(np.atleast_1d(values), name)
        if bad is not None:
            return (bad,) * _count(right, arrays)
    if (arrays[3] < 0).any():
        raise ValueError(f"years {arrays[3].min()} is negative: an option that is over implies nothing")
    shaped = np.broadcast_arrays(np.atleast_1d(signs(right)), *arrays)
    return _solve_all(*(cast(Floats, one) for one in shaped))


def _count(right: Rights, arrays: list[Floats]) -> int:
    return int(np.prod(np.broadcast_shapes(np.shape(np.asarray(right)), *(one.shape for one in arrays)) or 1))


def _solve_all(
    sign: Floats, price: Floats, spot: Floats, strike: Floats, years: Floats, rate: Floats, yield_: Floats
) -> tuple[Result[float], ...]:
    held, owed = spot * np.exp(-yield_ * years), strike * np.exp(-rate * years)
    intrinsic = np.maximum(sign * (held - owed), 0.0)
    bound = np.where(sign > 0, held, owed)
    solvable = (price > intrinsic) & (price < bound) & (years > 0)
    scale = np.sqrt(held * owed)
    found = np.zeros(len(sign))
    if solvable.any():
        moneyness = -np.abs(np.log(held / owed))
        excess = (price - intrinsic) / scale
        deviation = _deviation(moneyness[solvable], excess[solvable])
        found[solvable] = deviation / np.sqrt(years[solvable])
    return tuple(
        _result(*row)
        for row in zip(
            found.tolist(), price.tolist(), intrinsic.tolist(), bound.tolist(), years.tolist(), strict=True
        )
    )


def _result(volatility: float, price: float, intrinsic: float, bound: float, years: float) -> Result[float]:
    if years == 0.0:
        return Missing("no_volatility", "no time is left, so the price does not depend on volatility")
    if price < intrinsic:
        return Missing("no_volatility", f"price {price:.8g} is below the intrinsic value {intrinsic:.8g}")
    if price >= bound:
        return Missing("no_volatility", f"price {price:.8g} is not below its upper bound {bound:.8g}")
    return volatility


def _deviation(moneyness: Floats, target: Floats) -> Floats:
    """s sqrt T such that the normalised out-of-the-money price is `target`; moneyness is -|ln(F/K)|."""
    low, high = np.zeros_like(target), np.full_like(target, WIDEST)
    # The price as a function of s sqrt T bends here; Newton's search is safe on both sides of it.
    guess = np.maximum(np.sqrt(2.0 * np.abs(moneyness)), 0.1)
    for step in range(1, STEPS + 1):
        price, slope = _normalised(moneyness, guess)
        below = price < target
        low, high = np.where(below, guess, low), np.where(below, high, guess)
        following = _newton(guess, price, slope, target)
        middle = 0.5 * (low + high)
        inside = (following > low) & (following < high)
        following = np.where(inside & (step <= NEWTON_STEPS), following, middle)
        done: Bools = (np.abs(following - guess) <= TOLERANCE * guess) | (price == target)
        guess = np.where(price == target, guess, following)
        if done.all():
            break
    return guess


def _normalised(moneyness: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """Out-of-the-money price over sqrt(discounted spot * discounted strike), and its slope in deviation."""
    first = moneyness / deviation + 0.5 * deviation
    half = np.exp(0.5 * moneyness)
    price = half * ndtr(first) - ndtr(first - deviation) / half
    return price, half * np.exp(-0.5 * first**2) / np.sqrt(2.0 * np.pi)


def _newton(guess: Floats, price: Floats, slope: Floats, target: Floats) -> Floats:
    """A step on the logarithm of the price, which is nearly straight where prices are tiny."""
    with np.errstate(all="ignore"):  # what is not finite is outside the bracket and not used
        return guess - (np.log(price) - np.log(target)) * price / slope
