"""Text of one cell -> its value. Every parser raises ValueError with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, get_args

import pycountry

from contracts import AssetClass
from contracts.types import OptionRight

Parser = Callable[[str], Any]

PLAIN_DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,18})?")
SYMBOL = re.compile(r"[^\s/,;]{1,32}")
PORTFOLIO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TRADE_ID = re.compile(r"[^\s,;]{1,64}")
MIC = re.compile(r"[A-Z0-9]{4}")
FIGI = re.compile(r"[A-Z]{2}G[A-Z0-9]{9}")
ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}\d")
CURRENCIES: frozenset[str] = frozenset(currency.alpha_3 for currency in pycountry.currencies)
HIGHEST_VOLATILITY = 10
MINOR_UNITS = {"GBX": "GBP", "GBp": "GBP", "ZAC": "ZAR", "ZAc": "ZAR", "ILA": "ILS"}


def name(text: str) -> str:
    """Any text."""
    return text


def symbol(text: str) -> str:
    """An instrument symbol; it is part of Kafka keys, so no slash."""
    return _matching(SYMBOL, text, "must be 1 to 32 characters without space, slash, comma or semicolon")


def portfolio_id(text: str) -> str:
    """A portfolio id; it is part of web addresses."""
    return _matching(PORTFOLIO_ID, text, "must be letters, digits, dot, dash or underscore, at most 64")


def trade_id(text: str) -> str:
    """What a trade is known by; booked once."""
    return _matching(TRADE_ID, text, "must be 1 to 64 characters without space, comma or semicolon")


def decimal(text: str) -> Decimal:
    """A plain decimal number, exactly."""
    if "," in text:
        raise ValueError("write the number without commas, with a point for decimals, such as 1234.5")
    if not PLAIN_DECIMAL.fullmatch(text):
        raise ValueError("must be a plain decimal number such as -1234.5, at most 18 decimals")
    return Decimal(text)


def positive(text: str) -> Decimal:
    """A plain decimal above zero."""
    value = decimal(text)
    if value <= 0:
        raise ValueError("must be above zero")
    return value


def not_negative(text: str) -> Decimal:
    """A plain decimal of zero or more."""
    value = decimal(text)
    if value < 0:
        raise ValueError("must not be below zero")
    return value


def not_zero(text: str) -> Decimal:
    """A plain decimal other than zero."""
    value = decimal(text)
    if value == 0:
        raise ValueError("must not be zero; leave the row out")
    return value


def whole(text: str) -> int:
    """Whole units, zero or more."""
    if not text.isdecimal():
        raise ValueError("must be a whole number of zero or more, such as 1200")
    return int(text)


def parameters(text: str) -> str:
    """`name=value;name=value` of a measure, in the one order in which it is stored."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if any("," in part or part.count("=") != 1 for part in parts):
        raise ValueError("must be name=value, several joined by a semicolon, such as confidence_bp=9900")
    return ",".join(sorted(parts))


def yes_or_no(text: str) -> bool:
    """A choice."""
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def currency(text: str) -> str:
    """ISO 4217, major units only: prices in pence would be a hundred times too high."""
    if text in MINOR_UNITS:
        raise ValueError(f"is a minor unit; write {MINOR_UNITS[text]} and amounts in whole units of it")
    if text not in CURRENCIES:
        raise ValueError("must be an ISO 4217 code such as USD")
    return text


def pair(text: str) -> str:
    """Base and quote currency: EURUSD is US dollars per euro."""
    if len(text) != 6 or text[:3] == text[3:]:
        raise ValueError("must be two different ISO 4217 codes, such as EURUSD")
    return currency(text[:3]) + currency(text[3:])


def mic(text: str) -> str:
    """ISO 10383 code of a market."""
    return _matching(MIC, text, "must be a market identifier code (ISO 10383) such as XNAS")


def asset_class(text: str) -> str:
    """One of the contract's asset classes."""
    return _one_of(get_args(AssetClass), text)


def action_type(text: str) -> str:
    """What a corporate action is."""
    return _one_of(("split", "dividend"), text)


def option_right(text: str) -> str:
    """What the holder of an option may do."""
    return _one_of(get_args(OptionRight), text)


def volatility(text: str) -> Decimal:
    """An annual volatility as a fraction."""
    value = decimal(text)
    if not 0 <= value <= HIGHEST_VOLATILITY:
        raise ValueError("must be a fraction per year from 0 to 10, such as 0.20 for 20 %")
    return value


def annual_rate(text: str) -> Decimal:
    """A continuous annual rate or yield as a fraction."""
    value = decimal(text)
    if abs(value) > 1:
        raise ValueError("must be a fraction per year between -1 and 1, such as 0.05 for 5 %")
    return value


def isin(text: str) -> str:
    """ISO 6166, with its check digit."""
    _matching(ISIN, text, "must be an ISIN such as US0378331005")
    digits = [int(digit) for letter in text for digit in str(int(letter, 36))]
    doubled = [digit if n % 2 else sum(divmod(2 * digit, 10)) for n, digit in enumerate(reversed(digits), 1)]
    if sum(doubled) % 10:
        raise ValueError("is no ISIN: its check digit does not fit; compare it with the source")
    return text


def figi(text: str) -> str:
    """An OpenFIGI identifier."""
    return _matching(FIGI, text, "must be a FIGI such as BBG000B9XRY4")


def day(text: str) -> date:
    """An ISO date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be an ISO date such as 2024-03-01") from None


def moment(text: str) -> datetime:
    """An ISO date, meaning its start in UTC, or a time with a zone."""
    if len(text) == len("2024-03-01"):
        return datetime.combine(day(text), time(), UTC)
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be an ISO date such as 2024-03-01, or a time with its zone") from None
    if value.tzinfo is None:
        raise ValueError("has no zone; write for example 2024-03-01T14:30:00Z")
    return value.astimezone(UTC)


def ending(text: str) -> datetime:
    """A time with a zone. A date alone would mean its start, a day too early for what ends on it."""
    if len(text) == len("2024-03-01"):
        day(text)
        raise ValueError("needs the time as well, such as 2024-03-15T20:00:00Z")
    return moment(text)


def _matching(pattern: re.Pattern[str], text: str, rule: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(rule)
    return text


def _one_of(choices: tuple[str, ...], text: str) -> str:
    if text not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return text
