"""Options: marked at their own price when they trade, otherwise at a model price of the underlying's.

Greeks and volatility are model outputs and floats. The model price is rounded half-even to 8 places once;
from there on all money is exact.
"""

from decimal import Decimal
from math import isfinite
from typing import NamedTuple

from contracts import Instrument, OptionTerms
from contracts.types import OptionRight
from quant import Missing, OptionGreeks, implied_volatility, option_greeks, round_money
from quant.money import plain
from valuation.core.moments import DAY_US, to_us
from valuation.core.numbers import require_positive
from valuation.core.prices import Price
from valuation.core.rates import is_pair

YEAR_US = 365 * DAY_US
HIGHEST_RATE = Decimal(1)
HIGHEST_VOLATILITY = Decimal(10)


class Contract(NamedTuple):
    """The terms of an option as the instrument says them."""

    underlying: str
    right: OptionRight
    strike: Decimal
    expiry_us: int


class OptionMark(NamedTuple):
    """What an option is marked at, and the terms behind it.

    `price` None means that it has none; `terms` None that no volatility or no spot is known.
    """

    price: Price | None
    terms: OptionTerms | None


class Model(NamedTuple):
    """Model inputs of one moment."""

    right: OptionRight
    spot: float
    strike: float
    years: float
    interest_rate: float
    dividend_yield: float

    def greeks(self, volatility: float) -> OptionGreeks | None:
        """Price and greeks at a volatility; None when they come out as no numbers."""
        found = option_greeks(
            self.right,
            self.spot,
            self.strike,
            self.years,
            volatility,
            self.interest_rate,
            self.dividend_yield,
        )
        if isinstance(found, Missing) or not (isfinite(found.price) and isfinite(found.theta)):
            return None
        return found

    def implied(self, price: float) -> float | None:
        """The volatility that a price of the option stands for; None when there is none."""
        found = implied_volatility(
            self.right,
            price,
            self.spot,
            self.strike,
            self.years,
            self.interest_rate,
            self.dividend_yield,
        )
        return None if isinstance(found, Missing) else found


def contract_of(instrument: Instrument | None) -> Contract | None:
    """The terms of an option; None for anything else, also for an option that does not tell all of them."""
    if instrument is None or instrument.asset_class != "option":
        return None
    underlying, right = instrument.underlying, instrument.option_right
    strike, expiry = instrument.strike, instrument.expiry
    if underlying is None or right is None or strike is None or expiry is None:
        return None
    return Contract(underlying, right, strike, to_us(expiry))


def require_option(record: Instrument) -> None:
    """Raise ValueError for terms that no option has."""
    if record.underlying is not None and record.underlying == record.symbol:
        raise ValueError(f"{record.symbol} is its own underlying")
    if record.strike is not None:
        require_positive(f"strike of {record.symbol}", record.strike)
    _require_fraction(f"volatility of {record.symbol}", record.volatility, Decimal(0), HIGHEST_VOLATILITY)
    for what, rate in (("interest rate", record.interest_rate), ("dividend yield", record.dividend_yield)):
        _require_fraction(f"{what} of {record.symbol}", rate, -HIGHEST_RATE, HIGHEST_RATE)


def mark_option(
    instrument: Instrument, contract: Contract, own: Price | None, underlying: Price | None, as_of_us: int
) -> OptionMark:
    """What an option is marked at, at one market time.

    `own` and `underlying` are the newest prices then. The own price counts, with the volatility it implies.
    Without one, or when no volatility explains it (it is beyond what arbitrage allows, so older than the
    underlying's move), the model gives the price at the instrument's volatility; it is as old as the price of
    the underlying and its id says so. An option that is over has no price: what it was worth in the end is
    told by its settlement, which closes the position.
    """
    if as_of_us > contract.expiry_us:
        return OptionMark(None, None)
    if underlying is None or underlying.currency != instrument.currency:
        return OptionMark(own, None)
    model = _model(instrument, contract, underlying, as_of_us)
    if own is not None and own.currency == instrument.currency:
        implied = model.implied(float(own.value))
        greeks = None if implied is None else model.greeks(implied)
        if implied is not None and greeks is not None:
            return OptionMark(own, _terms(contract, model, implied, greeks, implied=True))
    greeks = None if instrument.volatility is None else model.greeks(float(instrument.volatility))
    if instrument.volatility is None or greeks is None:
        return OptionMark(own, None)
    terms = _terms(contract, model, float(instrument.volatility), greeks, implied=False)
    return OptionMark(_model_price(instrument, contract, underlying, greeks), terms)


class OptionMarks:
    """Newest mark of each option and basis, calculated again only when an input changed."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[tuple[object, ...], OptionMark]] = {}

    def mark(
        self,
        basis: str,
        instrument: Instrument,
        contract: Contract,
        own: Price | None,
        underlying: Price | None,
        as_of_us: int,
    ) -> OptionMark:
        """As `mark_option`; equal inputs give the same object."""
        inputs = (instrument, own, underlying, as_of_us)
        kept = self._kept.get((basis, instrument.symbol))
        if kept is not None and kept[0] == inputs:
            return kept[1]
        found = mark_option(instrument, contract, own, underlying, as_of_us)
        self._kept[basis, instrument.symbol] = (inputs, found)
        return found


def _model(instrument: Instrument, contract: Contract, underlying: Price, as_of_us: int) -> Model:
    return Model(
        contract.right,
        float(underlying.value),
        float(contract.strike),
        (contract.expiry_us - as_of_us) / YEAR_US,
        float(instrument.interest_rate or 0),
        float(instrument.dividend_yield or 0),
    )


def _model_price(
    instrument: Instrument, contract: Contract, underlying: Price, greeks: OptionGreeks
) -> Price:
    """Black-Scholes-Merton; on a currency pair the same formula is Garman and Kohlhagen's."""
    name = "gk" if is_pair(contract.underlying) else "bsm"
    return Price(
        plain(round_money(Decimal(float(greeks.price)))),
        instrument.currency,
        underlying.as_of_us,
        f"model:{name}:{underlying.price_id}",
        underlying.ingest_us,
    )


def _terms(
    contract: Contract, model: Model, volatility: float, greeks: OptionGreeks, *, implied: bool
) -> OptionTerms:
    return OptionTerms(
        underlying=contract.underlying,
        option_right=contract.right,
        strike=model.strike,
        years=model.years,
        spot=model.spot,
        volatility=volatility,
        interest_rate=model.interest_rate,
        dividend_yield=model.dividend_yield,
        implied=implied,
        delta=float(greeks.delta),
        gamma=float(greeks.gamma),
        vega=float(greeks.vega),
        theta=float(greeks.theta),
        rho=float(greeks.rho),
    )


def _require_fraction(what: str, number: Decimal | None, lowest: Decimal, highest: Decimal) -> None:
    if number is not None and not (number.is_finite() and lowest <= number <= highest):
        raise ValueError(f"{what} was {number}: give a fraction per year, 0.20 for 20 %")
