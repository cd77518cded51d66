"""A result that may be missing: a value, or the reason why there is none.

Data that cannot give an answer (too little history, NaN, an unconnected currency) is expected and becomes a
`Missing` value. A call that makes no sense (arrays of different length, a confidence of 0.05) is a
programming error and raises ValueError.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

Reason = Literal[
    "flat_book",  # no position, or nothing priced: a ratio has no meaning
    "no_history",  # no daily history, or not of every position held
    "too_few_scenarios",  # fewer observations than the definition needs
    "unpriced",  # no position of the book has a price and a rate
    "not_finite",  # NaN or infinity in the input
    "not_positive_value",  # a price, rate or value that must be above zero is not
    "no_price",  # the instrument has no price
    "no_fx_rate",  # no quote connects the two currencies
    "missing_day",  # a business date of the period is not frozen
    "not_reached",  # no move, or none that the search finds, has the effect asked for
    "no_volatility",  # no volatility makes the model give this price of the option
    "outside_domain",  # the inputs lie outside the domain in which the formula holds
]


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no value.

    `reason` is one of the closed list `Reason`; `message` says which input was wrong, for a person.
    """

    reason: Reason
    message: str


T = TypeVar("T")
Result: TypeAlias = T | Missing
