"""What the closing book would gain or lose: shocks that are the same every day, and days that happened."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

from contracts import PositionValue, Valuation
from measuring.core.history import FactorCache, market_date
from measuring.core.reports import holdings_of, is_only_fx, priced
from quant import (
    NAMED_PERIODS,
    Holding,
    Missing,
    NamedPeriod,
    Result,
    Shock,
    StressPosition,
    StressResult,
    historical_stress,
    hypothetical_stress,
)
from reports.core.reasons import unavailable
from reports.core.risk.shapes import Stress

ALL_HISTORY = 100_000  # more dates than any history has


def _shares(size: float) -> tuple[Shock, ...]:
    """Prices of shares, funds and what options are written on; money and currency pairs keep theirs."""
    return tuple(Shock("asset_class", name, size) for name in ("equity", "etf", "option"))


SHOCKS: tuple[tuple[str, str, tuple[Shock, ...]], ...] = (
    ("shares_down_10", "shares and funds fall by 10 %", _shares(-0.10)),
    ("shares_down_20", "shares and funds fall by 20 %", _shares(-0.20)),
    ("shares_up_10", "shares and funds rise by 10 %", _shares(0.10)),
    ("financials_down_20", "financial shares fall by 20 %", (Shock("sector", "Financials", -0.20),)),
    (
        "currencies_down_10",
        "foreign currencies lose 10 % against the base currency",
        (Shock("all", "", -0.10, factor="fx"),),
    ),
    (
        "currencies_up_10",
        "foreign currencies gain 10 % against the base currency",
        (Shock("all", "", 0.10, factor="fx"),),
    ),
)


def stresses(closing: Valuation, cache: FactorCache) -> tuple[Stress, ...]:
    """Every shock, then every named period; one that cannot be told says why."""
    held = priced(closing)
    holdings = holdings_of(held)
    gross = sum(abs(one.market_value) for one in holdings)
    nothing = _unpriced(closing, holdings)
    made_up = (
        _told(
            name,
            description,
            nothing or hypothetical_stress(_positions(held, holdings), shocks, closing.currency),
            gross,
        )
        for name, description, shocks in SHOCKS
    )
    return (*made_up, *_historical(closing, holdings, cache, gross, nothing))


def _historical(
    closing: Valuation, holdings: Sequence[Holding], cache: FactorCache, gross: float, nothing: Missing | None
) -> tuple[Stress, ...]:
    day = market_date(closing.as_of)
    factors = cache.factors(day, closing.currency, only_fx=is_only_fx(priced(closing)), rows=ALL_HISTORY)

    def found(period: NamedPeriod) -> Result[StressResult]:
        if nothing is not None or factors is None:
            return nothing or Missing("no_history", f"no daily history before {day}")
        return historical_stress(factors, holdings, period.first, period.last)

    return tuple(_told(one.name, one.description, found(one), gross, one) for one in NAMED_PERIODS)


def _told(
    name: str, description: str, found: Result[StressResult], gross: float, period: NamedPeriod | None = None
) -> Stress:
    known = None if isinstance(found, Missing) else found
    return Stress(
        name=name,
        description=description,
        kind="hypothetical" if period is None else "historical",
        first=None if period is None else _date(period.first),
        last=None if period is None else _date(period.last),
        pnl=None if known is None else known.pnl,
        percent=None if known is None or not gross else known.pnl / gross,
        not_shocked=() if known is None else known.not_shocked,
        proxies=() if known is None else known.proxied,
        unavailable=unavailable(found),
    )


def _date(day: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(day))


def _unpriced(closing: Valuation, holdings: Sequence[Holding]) -> Missing | None:
    if holdings or not closing.positions:
        return None
    return Missing("unpriced", f"none of {len(closing.positions)} positions is priced")


def _positions(held: Sequence[PositionValue], holdings: Sequence[Holding]) -> list[StressPosition]:
    return [
        StressPosition(holding, one.asset_class, one.sector, _price(one), _float(one.fx_rate))
        for one, holding in zip(held, holdings, strict=True)
    ]


def _price(one: PositionValue) -> float | None:
    """Of what the shock moves: the underlying of an option, else the position itself."""
    return one.option.spot if one.option is not None else _float(one.price)


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))
