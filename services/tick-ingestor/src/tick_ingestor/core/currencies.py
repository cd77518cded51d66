"""Currency codes as feeds send them: ISO 4217, and the minor units some exchanges quote in."""

from typing import Any, NamedTuple, cast

import pycountry

# Hundredths that London, Johannesburg and Tel Aviv quote in; upper-case pence are written GBX or GBp.
MINOR_UNITS = {"GBX": "GBP", "GBp": "GBP", "ZAC": "ZAR", "ZAc": "ZAR", "ILA": "ILS"}
MINOR_DIGITS = 2


class Quotation(NamedTuple):
    """What a currency code means: the ISO code, and the decimal digits its prices are shifted by."""

    currency: str
    minor_digits: int


def _quotations() -> dict[str, Quotation]:
    codes = [cast(str, entry.alpha_3) for entry in cast(Any, pycountry.currencies)]
    major = {code: Quotation(code, 0) for code in codes}
    return major | {code: Quotation(iso, MINOR_DIGITS) for code, iso in MINOR_UNITS.items()}


QUOTATIONS = _quotations()
