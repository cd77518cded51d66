"""Numbers and times as text, the same in every format that is read by people."""

import datetime as dt
from decimal import Decimal

from quant.money import EXACT
from reports.core.document import Absent, Cell, Kind

MINUS = "\N{MINUS SIGN}"  # as wide as a plus, and seen without colour
_CENT = Decimal("0.01")


def shown(cell: Cell, kind: Kind) -> str:
    """The text of a cell: thousands separated, negative with a minus sign, what is not known as n/a."""
    if cell is None:
        return ""
    if isinstance(cell, Absent):
        return "n/a"
    if isinstance(cell, dt.datetime):
        return moment(cell)
    if isinstance(cell, (str, dt.date)):
        return str(cell)
    if kind == "count":
        return signed(f"{cell:,}")
    if kind == "money":
        return money(cell)
    if kind == "percent":
        return percent(cell)
    return number(cell)


def money(amount: Decimal | float) -> str:
    """1234.5 -> 1,234.50, half-even; what rounds to nothing has no sign."""
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(amount))
    rounded = EXACT.quantize(exact, _CENT)
    return signed(f"{EXACT.add(rounded, Decimal(0)):,f}")


def percent(ratio: Decimal | float) -> str:
    """0.0123 -> 1.23 %."""
    text = f"{float(ratio) * 100:,.2f}"
    return signed("0.00" if text == "-0.00" else text) + " %"


def number(value: Decimal | float) -> str:
    """Four significant digits below a thousand, whole numbers above."""
    size = abs(float(value))
    return signed(f"{float(value):,.0f}" if size >= 1000 else f"{float(value):.4g}")


def moment(time: dt.datetime) -> str:
    """2013-10-07 20:00:00 UTC."""
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def counted(count: int, noun: str) -> str:
    """1 line, 2 lines."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def age(seconds: float) -> str:
    """90061 -> 1 d 1 h; the two largest units."""
    days, rest = divmod(int(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    first = next((place for place, part in enumerate(parts) if part[0]), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def signed(text: str) -> str:
    """With a true minus sign."""
    return text.replace("-", MINUS, 1)


def is_negative(cell: Cell) -> bool:
    """A number below zero; moments, texts and what is not known are not."""
    return isinstance(cell, (Decimal, float, int)) and cell < 0
