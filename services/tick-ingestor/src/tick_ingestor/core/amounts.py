"""Prices and volumes as exact integers."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from tick_ingestor.core.rejection import Rejection, shown

PRICE_PLACES = 8
PRICE_E8_MAX = 2**63 - 1
# Generous for any market, and the sum of 900,000 such ticks still fits 64 bits further down.
VOLUME_MAX = 10**13

_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN, traps=[])
_PRICE_LIMIT = Decimal(PRICE_E8_MAX).scaleb(-PRICE_PLACES)


class PriceScale:
    """Decimal prices times 10^8, exact; more than 8 decimals are rounded once, half-even.

    `minor_digits` is 0 for prices in the currency itself and 2 for prices in its hundredths (GBX).
    """

    def __init__(self, minor_digits: int = 0) -> None:
        self._shift = PRICE_PLACES - minor_digits
        self._quantum = Decimal(1).scaleb(-self._shift)
        self._limit = _PRICE_LIMIT.scaleb(minor_digits)

    def price(self, price: Decimal) -> int | Rejection:
        """A price above zero, as price_e8."""
        scaled = self._scale("price", price)
        if isinstance(scaled, int) and scaled <= 0:
            return Rejection("price_not_positive", f"price {shown(str(price))} is not above 0 at 8 decimals")
        return scaled

    def quote(self, name: str, price: Decimal) -> int | Rejection:
        """A bid or ask, as price_e8; zero is allowed, since a side may be empty."""
        scaled = self._scale(name, price)
        if isinstance(scaled, int) and scaled < 0:
            return Rejection("price_not_positive", f"{name} {shown(str(price))} is below 0")
        return scaled

    def _scale(self, name: str, price: Decimal) -> int | Rejection:
        if not price.is_finite():
            return Rejection("not_finite", f"{name} {shown(str(price))} is not a finite number")
        if abs(price) > self._limit:
            return Rejection(
                "wrong_type", f"{name} {shown(str(price))} exceeds the greatest price {self._limit}"
            )
        return int(_CONTEXT.scaleb(_CONTEXT.quantize(price, self._quantum), self._shift))


def volume_of(volume: float | str) -> int | Rejection:
    """Whole units: an integer, a whole number such as 100.0, or the text of one."""
    try:
        number = Decimal(volume) if isinstance(volume, (str, int)) else Decimal(repr(volume))
    except InvalidOperation:
        return Rejection("wrong_type", f"volume {shown(volume)} is not a number")
    if not number.is_finite():
        return Rejection("not_finite", f"volume {shown(volume)} is not a finite number")
    if number < 0:
        return Rejection("negative_volume", f"volume {shown(volume)} is below 0")
    if number > VOLUME_MAX:
        return Rejection("wrong_type", f"volume {shown(volume)} is above the greatest volume {VOLUME_MAX}")
    if number != number.to_integral_value():
        return Rejection("wrong_type", f"volume {shown(volume)} is not a whole number of units")
    return int(number)
