"""A seeded random market: correlated log-normal prices on a tick grid.

Ticks are numbered; tick i is dated start + i / rate, so the rate is exact over any time. All prices move
together once per step of about 20 ms by correlated normal increments, whose daily variance is the calibrated
one; each tick of the step shows one instrument, chosen by its activity. Equal market, seed, start and rate
give equal ticks.
"""

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from contracts import RawTick
from producer.core.market import Market, SimulatedInstrument
from producer.core.sessions import AlwaysOpen, Sessions

STEP_S = 0.02
ROUND_LOT = 100
LOT_SHAPE = 0.4
"""Lots per trade are geometric with this parameter: mostly 1 to 5 round lots."""


@dataclass(frozen=True)
class SimulationPlan:
    """What a simulation is determined by, besides its market.

    `rate` is in ticks per second, `start_us` in microseconds since 1970; `volatility` multiplies all of them.
    """

    seed: int
    start_us: int
    rate: float = 500.0
    volatility: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf:
            raise ValueError(f"rate was {self.rate}: give ticks per second above zero")
        if not 0 <= self.volatility < math.inf:
            raise ValueError(f"volatility was {self.volatility}: give a factor, 1 for the calibrated market")

    @property
    def ticks_per_step(self) -> int:
        return max(1, round(self.rate * STEP_S))

    def due_us(self, tick: int) -> int:
        """When tick number `tick` happens."""
        return self.start_us + math.floor(tick * 1e6 / self.rate)

    @property
    def source(self) -> str:
        """Two runs are two feeds: their ticks must not be taken for one another."""
        return f"sim-{self.seed}-{self.start_us}"


class Simulator:
    """Makes the ticks of one simulation, step by step."""

    def __init__(self, market: Market, plan: SimulationPlan, sessions: Sessions | None = None) -> None:
        self._instruments = market.instruments
        self._plan = plan
        self._sessions = sessions or AlwaysOpen()
        self._random = np.random.default_rng(plan.seed)
        self._next_tick = 0
        self._sequence = dict.fromkeys((one.symbol for one in market.instruments), 0)
        start_prices = np.array([float(one.start_price) for one in market.instruments])
        self._log_prices: NDArray[np.float64] = np.log(start_prices)
        self._loading = _loading(market, self._sessions, plan)
        place = {one.symbol: number for number, one in enumerate(market.instruments)}
        self._crosses = [
            (place[one.symbol], *(place[leg] for leg in one.legs)) for one in self._instruments if one.legs
        ]

    def due_us(self) -> int:
        """When the last tick of the next step happens: from then on the step can be taken."""
        return self._plan.due_us(self._next_tick + self._plan.ticks_per_step - 1)

    def skip_to(self, ts_us: int) -> None:
        """Leave out the ticks before `ts_us`, as a feed does that was cut off."""
        behind = (ts_us - self._plan.due_us(self._next_tick)) * self._plan.rate / 1e6
        self._next_tick += max(0, math.floor(behind / self._plan.ticks_per_step)) * self._plan.ticks_per_step

    def step(self) -> list[RawTick]:
        """The ticks of one step, in time order; none while every market is closed."""
        count = self._plan.ticks_per_step
        first, self._next_tick = self._next_tick, self._next_tick + count
        self._move()
        # Drawn also when closed, so that opening hours do not change the path.
        chosen, draws = self._random.random(count), self._random.random((count, 2))
        lots = self._random.geometric(LOT_SHAPE, count)
        shares = self._shares(self._plan.due_us(first))
        if shares is None:
            return []
        places = np.searchsorted(shares, chosen, side="right")
        return [
            self._tick(int(place), self._plan.due_us(first + number), draws[number], int(lots[number]))
            for number, place in enumerate(places)
        ]

    def _move(self) -> None:
        moves = self._random.standard_normal(len(self._log_prices))
        self._log_prices = self._log_prices + self._loading @ moves
        for cross, base, quote in self._crosses:
            self._log_prices[cross] = self._log_prices[base] - self._log_prices[quote]

    def _shares(self, ts_us: int) -> NDArray[np.float64] | None:
        """Cumulated shares of the ticks, of the instruments that trade now."""
        open_now = [
            one.activity if self._sessions.is_open(one.asset_class, ts_us) else 0.0
            for one in self._instruments
        ]
        cumulated = np.cumsum(open_now)
        return cumulated / cumulated[-1] if cumulated[-1] > 0 else None

    def _tick(self, place: int, ts_us: int, draws: NDArray[np.float64], lots: int) -> RawTick:
        one = self._instruments[place]
        sequence = self._sequence[one.symbol]
        self._sequence[one.symbol] = sequence + 1
        points = math.exp(self._log_prices[place]) * 10**one.decimals
        price, volume, bid, ask = (
            _quote(one, points, draws) if one.asset_class == "fx" else _trade(one, points, draws, lots)
        )
        return RawTick(
            symbol=one.symbol,
            ts_event=rfc3339(ts_us),
            price=price,
            currency=one.currency,
            exchange=one.exchange,
            volume=volume,
            source=self._plan.source,
            seq=sequence,
            bid=bid,
            ask=ask,
        )


Shown = tuple[Decimal, int, Decimal | None, Decimal | None]


def _trade(one: SimulatedInstrument, points: float, draws: NDArray[np.float64], lots: int) -> Shown:
    """A trade at the bid or the ask around the fair price, never below one point."""
    half = one.spread_points / 2
    traded = max(1, round(points + (half if draws[0] < 0.5 else -half)))
    return Decimal(traded).scaleb(-one.decimals), lots * ROUND_LOT, None, None


def _quote(one: SimulatedInstrument, points: float, draws: NDArray[np.float64]) -> Shown:
    """Bid and ask around the fair price; the mid is exact, on half points."""
    spread = max(1, round(one.spread_points * (0.5 + draws[0])))
    bid = max(1, math.floor(points - spread / 2 + draws[1]))
    ask = bid + spread
    mid = Decimal((bid + ask) * 5).scaleb(-one.decimals - 1)
    return mid, 0, Decimal(bid).scaleb(-one.decimals), Decimal(ask).scaleb(-one.decimals)


def _loading(market: Market, sessions: Sessions, plan: SimulationPlan) -> NDArray[np.float64]:
    """Matrix L with L @ L.T = covariance of the log returns of one step.

    By eigenvalues, not Cholesky: with a cross and both its legs the correlation matrix is all but singular.
    """
    values, vectors = np.linalg.eigh(np.array(market.correlation))
    step_s = plan.ticks_per_step / plan.rate
    deviations = [
        plan.volatility * one.volatility_daily * math.sqrt(step_s / sessions.seconds_per_day(one.asset_class))
        for one in market.instruments
    ]
    return np.array(deviations)[:, None] * (vectors * np.sqrt(np.clip(values, 0.0, None)))


def rfc3339(ts_us: int) -> str:
    """UTC text with microseconds, such as 2026-01-02T14:30:00.000000Z."""
    return str(np.datetime64(ts_us, "us")) + "Z"
