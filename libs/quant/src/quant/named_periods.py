"""Days and periods that risk desks replay, by name."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class NamedPeriod:
    """The move from the last close before `first` to the close of `last`; one day when they are the same."""

    name: str
    first: np.datetime64
    last: np.datetime64
    description: str


def _period(name: str, first: str, last: str, description: str) -> NamedPeriod:
    return NamedPeriod(name, np.datetime64(first, "D"), np.datetime64(last, "D"), description)


# Dates are New York business days. A history that does not reach a period says so instead of a number.
NAMED_PERIODS: tuple[NamedPeriod, ...] = (
    _period("black_monday_1987", "1987-10-19", "1987-10-19", "the worst day of US shares"),
    _period("russia_ltcm_1998", "1998-08-17", "1998-08-31", "Russia's default until the end of August"),
    _period("attacks_2001", "2001-09-17", "2001-09-21", "the first week of trading after 11 September"),
    _period("lehman_2008", "2008-09-15", "2008-10-31", "Lehman's failure until the end of October"),
    _period("flash_crash_2010", "2010-05-06", "2010-05-06", "the flash crash"),
    _period("us_downgrade_2011", "2011-08-08", "2011-08-08", "the first day after the US downgrade"),
    _period("euro_crisis_2011", "2011-08-01", "2011-10-03", "the euro crisis of late summer 2011"),
    _period("taper_tantrum_2013", "2013-05-22", "2013-06-24", "the Federal Reserve speaks of buying less"),
    _period("chf_floor_2015", "2015-01-15", "2015-01-15", "the Swiss franc's floor is given up"),
    _period("china_2015", "2015-08-20", "2015-08-25", "China devalues, shares fall world-wide"),
    _period("brexit_2016", "2016-06-24", "2016-06-24", "the first day after the British vote"),
    _period("volatility_2018", "2018-02-05", "2018-02-05", "short volatility funds fail"),
    _period("march_2020", "2020-02-20", "2020-03-23", "the pandemic's fall of share prices"),
)
