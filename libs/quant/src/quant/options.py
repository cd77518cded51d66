"""European options: Black-Scholes-Merton and Garman-Kohlhagen price and greeks, vectorised.

All functions take scalars or arrays that broadcast against each other. `right` is "call" or "put", or an
array of them. Rates, yields and volatility are continuous and annual: 0.05 is 5 %. Time is in years of 365
days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr  # pyright: ignore[reportMissingTypeStubs]

from quant.arrays import Floats, not_finite, not_positive
from quant.result import Missing, Result

OptionRight = Literal["call", "put"]
Rights: TypeAlias = OptionRight | Sequence[OptionRight] | NDArray[np.str_]
Numbers: TypeAlias = float | Sequence[float] | Floats
RIGHTS = ("call", "put")
DAYS_PER_YEAR = 365.0
PERCENT = 0.01
NEGLIGIBLE = 1e-12
"""A standard deviation of the log spot below this counts as none: it moves no price in its last digit."""

WORTHLESS = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True)
class OptionGreeks:
    """Price and its sensitivities of one unit of a long option, each in the broadcast shape of the inputs.

    `delta` per 1.0 of spot; `gamma` change of delta per 1.0 of spot; `gamma_percent` change of delta when
    spot moves by 1 % (gamma * spot / 100); `vega` per volatility point (0.01); `theta` per calendar day
    (1/365 year), usually negative; `rho` and `yield_rho` per 1 % of the interest rate and of the yield.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    gamma_percent: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    yield_rho: Floats


@dataclass(frozen=True, slots=True)
class OptionContract:
    """One option as it is revalued: everything but the spot. `years` is the time left.

    Raises ValueError for what is no contract: a strike at or below 0, negative or endless time or volatility.
    """

    underlying: str
    right: OptionRight
    strike: float
    years: float
    volatility: float
    interest_rate: float = 0.0
    dividend_yield: float = 0.0

    def __post_init__(self) -> None:
        possible = black_scholes_merton(
            self.right, 1.0, self.strike, self.years, self.volatility, self.interest_rate, self.dividend_yield
        )
        if isinstance(possible, Missing):
            raise ValueError(f"no option contract: {possible.message}")

    def value(self, spots: Floats) -> Floats:
        """Model price of one unit at each spot, all else as it is (sticky strike, instantaneous).

        A spot of 0 is a total loss of the underlying; NaN stays NaN.
        """
        inputs = (
            signs(self.right),
            np.maximum(spots, WORTHLESS),
            self.strike,
            self.years,
            self.volatility,
            self.interest_rate,
            self.dividend_yield,
        )
        return _price(_Terms(*(np.asarray(one, dtype=np.float64) for one in inputs)))


@dataclass(frozen=True, slots=True)
class _Terms:
    """Checked inputs, in one shape, with what all formulas share."""

    sign: Floats
    spot: Floats
    strike: Floats
    years: Floats
    volatility: Floats
    interest_rate: Floats
    dividend_yield: Floats

    @property
    def discounted_spot(self) -> Floats:
        return self.spot * np.exp(-self.dividend_yield * self.years)

    @property
    def discounted_strike(self) -> Floats:
        return self.strike * np.exp(-self.interest_rate * self.years)

    @property
    def deviation(self) -> Floats:
        """Standard deviation of the log spot at expiry."""
        deviation = self.volatility * np.sqrt(self.years)
        return np.where(deviation < NEGLIGIBLE, 0.0, deviation)


def black_scholes_merton(
    right: Rights,
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    volatility: Numbers,
    interest_rate: Numbers = 0.0,
    dividend_yield: Numbers = 0.0,
) -> Result[Floats]:
    """Price of European options on an underlying with a continuous yield.

    Inputs: right; spot and strike in one currency, above 0; years to expiry and volatility, 0 or more;
    interest rate r and dividend yield q. Scalars or arrays that broadcast.
    Output: price per unit of the underlying, in the broadcast shape (an array of shape () for scalars), 0 or
    more; a short position is a negative quantity, not a negative price.
    Formula: w (S e^(-qT) N(w d1) - K e^(-rT) N(w d2)), w = +1 call, -1 put, d1 = (ln(S/K) + (r - q) T) /
    (s sqrt T) + s sqrt T / 2, d2 = d1 - s sqrt T.
    Edge cases: time 0 gives the intrinsic value max(w (S - K), 0); volatility 0 the discounted intrinsic
    value of the forward, max(w (S e^(-qT) - K e^(-rT)), 0).
    Errors: Missing("not_finite") for NaN or infinity, Missing("not_positive_value") for a spot or strike at
    or below 0; ValueError for a negative time or volatility, or a right that is neither call nor put.
    Source: Hull, Options, Futures, and Other Derivatives, ch. 15 and 17 (Merton 1973).
    """
    terms = _checked(right, spot, strike, years, volatility, interest_rate, dividend_yield)
    return terms if isinstance(terms, Missing) else _price(terms)


def garman_kohlhagen(
    right: Rights,
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    volatility: Numbers,
    domestic_rate: Numbers,
    foreign_rate: Numbers,
) -> Result[Floats]:
    """Price of European options on a currency pair, per unit of its base currency, in its quote currency.

    Inputs: spot and strike in units of quote (domestic) per unit of base (foreign) currency: EURUSD 1.37 has
    USD as domestic and EUR as foreign rate. Output, edge cases and errors as `black_scholes_merton`.
    Formula: Black-Scholes-Merton with the foreign rate as the yield.
    Source: Garman and Kohlhagen (1983), Foreign currency option values.
    """
    return black_scholes_merton(right, spot, strike, years, volatility, domestic_rate, foreign_rate)


def option_greeks(
    right: Rights,
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    volatility: Numbers,
    interest_rate: Numbers = 0.0,
    dividend_yield: Numbers = 0.0,
) -> Result[OptionGreeks]:
    """Price and greeks of European options; for a currency pair the yield is the foreign rate.

    Inputs and errors as `black_scholes_merton`. Output: see `OptionGreeks` for units; sign of a long option.
    Formula: delta w e^(-qT) N(w d1); gamma e^(-qT) n(d1) / (S s sqrt T); vega S e^(-qT) n(d1) sqrt T / 100;
    theta = -(dV/dT) / 365; rho w K T e^(-rT) N(w d2) / 100; rho of the yield -w S T e^(-qT) N(w d1) / 100.
    Edge cases: with volatility or time 0 there is no curvature: gamma and vega are 0 and delta is that of the
    discounted forward; exactly at the money it is half of it, the mean of both sides.
    Source: Hull, Options, Futures, and Other Derivatives, ch. 19.
    """
    terms = _checked(right, spot, strike, years, volatility, interest_rate, dividend_yield)
    return terms if isinstance(terms, Missing) else _greeks(terms)


def _checked(
    right: Rights,
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    volatility: Numbers,
    interest_rate: Numbers,
    dividend_yield: Numbers,
) -> Result[_Terms]:
    given = (spot, strike, years, volatility, interest_rate, dividend_yield)
    names = ("spot", "strike", "years", "volatility", "interest rate", "dividend yield")
    arrays = [np.asarray(one, dtype=np.float64) for one in given]
    for name, values in zip(names, arrays, strict=True):
        check = not_positive if name in ("spot", "strike") else not_finite
        bad = check(np.atleast_1d(values), name)
        if bad is not None:
            return bad
        if name in ("years", "volatility") and (values < 0).any():
            raise ValueError(f"{name} {values.min()} is negative: an option that is over has no model price")
    sign, *shaped = np.broadcast_arrays(signs(right), *arrays)
    return _Terms(sign, *shaped)


def signs(right: Rights) -> Floats:
    """+1.0 for each call, -1.0 for each put. Errors: ValueError for anything else."""
    rights = np.asarray(right)
    if not np.isin(rights, RIGHTS).all():
        raise ValueError(f"right {right!r} must be call or put")
    return np.where(rights == "call", 1.0, -1.0)


def _price(terms: _Terms) -> Floats:
    first, second = _quantiles(terms)
    price = terms.sign * (
        terms.discounted_spot * ndtr(terms.sign * first) - terms.discounted_strike * ndtr(terms.sign * second)
    )
    # Far out of the money the two products cancel to a rounding error of either sign.
    return np.maximum(price, 0.0)


def _greeks(terms: _Terms) -> OptionGreeks:
    first, second = _quantiles(terms)
    sign, years, deviation = terms.sign, terms.years, terms.deviation
    held = terms.discounted_spot * ndtr(sign * first)
    owed = terms.discounted_strike * ndtr(sign * second)
    density = terms.discounted_spot * np.exp(-0.5 * first**2) / np.sqrt(2.0 * np.pi)
    curved = deviation > 0
    density = np.where(curved, density, 0.0)
    gamma = density / (terms.spot**2 * np.where(curved, deviation, 1.0))
    decay = density * terms.volatility / (2.0 * np.sqrt(np.where(curved, years, 1.0)))
    theta = -decay - sign * terms.interest_rate * owed + sign * terms.dividend_yield * held
    return OptionGreeks(
        price=np.maximum(sign * (held - owed), 0.0),
        delta=sign * held / terms.spot,
        gamma=gamma,
        gamma_percent=gamma * terms.spot * PERCENT,
        vega=density * np.sqrt(years) * PERCENT,
        theta=theta / DAYS_PER_YEAR,
        rho=sign * years * owed * PERCENT,
        yield_rho=-sign * years * held * PERCENT,
    )


def _quantiles(terms: _Terms) -> tuple[Floats, Floats]:
    """d1 and d2. Without deviation they are +-infinity by the side of the forward, 0 at the money."""
    deviation = terms.deviation
    moneyness = np.log(terms.discounted_spot / terms.discounted_strike)
    certain = np.where(moneyness == 0.0, 0.0, np.copysign(np.inf, moneyness))
    scaled = np.divide(moneyness, deviation, out=certain, where=deviation > 0)
    return scaled + 0.5 * deviation, scaled - 0.5 * deviation
