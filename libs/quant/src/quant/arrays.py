"""Types and checks shared by the array functions of this package."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from quant.result import Missing

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.integer]  # row numbers, positions in an array
Dates: TypeAlias = NDArray[np.datetime64]  # datetime64[D]


def not_finite(values: Floats, what: str) -> Missing | None:
    """Missing("not_finite") with the first bad place when there is NaN or infinity in `values`, else None."""
    finite = np.isfinite(values)
    if finite.all():
        return None
    place = tuple(int(axis[0]) for axis in np.nonzero(~finite))
    return Missing(
        "not_finite", f"{what} holds {values[place]} at {place}; fill or drop gaps before measuring"
    )


def not_positive(values: Floats, what: str) -> Missing | None:
    """Missing("not_positive_value") for a value at or below zero, Missing("not_finite") for NaN, or None."""
    bad = not_finite(values, what)
    if bad is not None:
        return bad
    if (values > 0).all():
        return None
    place = tuple(int(axis[0]) for axis in np.nonzero(values <= 0))
    return Missing(
        "not_positive_value", f"{what} is {values[place]} at {place}, which has no return or share"
    )


def check_same_length(first: NDArray[np.generic], second: NDArray[np.generic], what: str) -> None:
    """Errors: ValueError when the two arrays differ in length, which is a mistake of the caller."""
    if len(first) != len(second):
        raise ValueError(f"{what} differ in length: {len(first)} and {len(second)}")
