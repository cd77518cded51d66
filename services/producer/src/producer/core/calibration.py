"""From real daily history to the simulated market."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from producer.core.market import Market, SimulatedInstrument

FX_ACTIVITY = 0.35
"""Share of all ticks that are currency quotes; the rest is spread over shares and ETFs."""
SIGNIFICANT = 12
"""Digits kept, so that the file does not depend on how a machine sums."""


@dataclass(frozen=True)
class Listing:
    """An instrument and the newest thing the history says about it."""

    symbol: str
    asset_class: str
    currency: str
    exchange: str
    last_close: Decimal
    spread_points: int
    turnover: float
    """average daily volume x price; 0 for a pair"""

    @property
    def decimals(self) -> int:
        return 5 if self.asset_class == "fx" else 2


def calibrate(listings: list[Listing], dates: list[date], closes: NDArray[np.float64]) -> Market:
    """Volatility and correlation of daily log returns; plain sample estimates (ddof 1).

    `closes` has shape (dates, listings): adjusted closes of the dates that all listings have.
    """
    if closes.shape != (len(dates), len(listings)) or len(dates) < 30:
        raise ValueError(
            f"closes of shape {closes.shape} for {len(dates)} dates: give at least 30 common dates"
        )
    returns = np.diff(np.log(closes), axis=0)
    volatility = returns.std(axis=0, ddof=1)
    correlation = np.corrcoef(returns, rowvar=False)
    activity = activities(listings)
    crosses = {one.symbol: legs_of(one.symbol, [other.symbol for other in listings]) for one in listings}
    return Market(
        first_date=dates[0].isoformat(),
        last_date=dates[-1].isoformat(),
        observations=len(returns),
        instruments=tuple(
            SimulatedInstrument(
                symbol=one.symbol,
                asset_class=one.asset_class,
                currency=one.currency,
                exchange=one.exchange,
                start_price=one.last_close,
                decimals=one.decimals,
                spread_points=one.spread_points,
                volatility_daily=significant(volatility[place]),
                activity=significant(activity[place]),
                legs=crosses[one.symbol],
            )
            for place, one in enumerate(listings)
        ),
        correlation=tuple(tuple(significant(value) for value in row) for row in correlation),
    )


def activities(listings: list[Listing]) -> list[float]:
    """Shares of all ticks: pairs alike, the rest by the square root of turnover."""
    pairs = sum(one.asset_class == "fx" for one in listings)
    total = sum(one.turnover**0.5 for one in listings)
    fx_part = FX_ACTIVITY if total else 1.0
    others_part = 1.0 - (fx_part if pairs else 0.0)
    return [
        fx_part / pairs if one.asset_class == "fx" else others_part * one.turnover**0.5 / total
        for one in listings
    ]


def legs_of(symbol: str, symbols: list[str], pivot: str = "USD") -> tuple[str, str] | None:
    """EURGBP follows from EURUSD / GBPUSD where both are there; None for anything else."""
    legs = (symbol[:3] + pivot, symbol[3:] + pivot)
    return legs if len(symbol) == 6 and symbol[3:] != pivot and set(legs) <= set(symbols) else None


def significant(value: float) -> float:
    """`value` with as many digits as the estimate deserves."""
    return float(f"{value:.{SIGNIFICANT}g}")
