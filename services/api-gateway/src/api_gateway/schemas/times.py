"""Times and dates in requests.

pydantic takes a number, also one in text, for seconds since 1970; in a request it is a mistake.
"""

import datetime as dt
import re
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

_TIME = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$")


def _time_text(value: object) -> object:
    if isinstance(value, str) and not _TIME.match(value):
        raise ValueError("a time is RFC 3339 with a zone, such as 2013-10-07T14:30:00Z")
    return _no_number(value)


def _date_text(value: object) -> object:
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("a date is ISO 8601, such as 2013-10-07")
    return _no_number(value)


def _no_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("a number is no time: write it as text, such as 2013-10-07T14:30:00Z")
    return value


Rfc3339 = Annotated[AwareDatetime, BeforeValidator(_time_text)]
IsoDate = Annotated[dt.date, BeforeValidator(_date_text)]
