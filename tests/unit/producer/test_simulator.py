"""The simulated market: reproducible, exact in rate, correlated as the real one, open on time."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.clock import to_us
from contracts import RawTick
from contracts.codec import encode
from producer.adapters.calibration import load_market
from producer.adapters.history import read_history
from producer.core.calibration import calibrate
from producer.core.sessions import AlwaysOpen, ExchangeHours
from producer.core.simulator import SimulationPlan, Simulator, rfc3339

DATA = Path(__file__).resolve().parents[3] / "data"
MARKET = load_market()
START_US = to_us(datetime(2026, 1, 5, 14, 0, tzinfo=UTC))


def simulator(seed: int = 1, rate: float = 500.0, volatility: float = 1.0) -> Simulator:
    return Simulator(MARKET, SimulationPlan(seed=seed, start_us=START_US, rate=rate, volatility=volatility))


def ticks(source: Simulator, steps: int) -> list[RawTick]:
    return [tick for _ in range(steps) for tick in source.step()]


def test_packaged_calibration_is_what_the_history_gives() -> None:
    estimated = calibrate(*read_history(DATA))
    assert [one.symbol for one in estimated.instruments] == [one.symbol for one in MARKET.instruments]
    for new, kept in zip(estimated.instruments, MARKET.instruments, strict=True):
        assert new.volatility_daily == pytest.approx(kept.volatility_daily, rel=1e-9)
        assert (new.start_price, new.currency, new.exchange) == (
            kept.start_price,
            kept.currency,
            kept.exchange,
        )
    np.testing.assert_allclose(estimated.correlation, MARKET.correlation, atol=1e-9)


def test_starts_near_the_last_real_close() -> None:
    first = {tick.symbol: tick.price for tick in reversed(ticks(simulator(), 100))}
    assert abs(first["AAPL"] / Decimal("157.74") - 1) < Decimal("0.001")
    assert abs(first["EURUSD"] / Decimal("1.14657") - 1) < Decimal("0.001")


@given(seed=st.integers(0, 2**32), rate=st.sampled_from([3.0, 50.0, 500.0, 5000.0]))
@settings(max_examples=20, deadline=None)
def test_equal_seed_and_start_give_equal_bytes(seed: int, rate: float) -> None:
    first, second = (
        [encode(tick) for tick in ticks(simulator(seed, rate), 20)],
        [encode(tick) for tick in ticks(simulator(seed, rate), 20)],
    )
    assert first == second
    assert first != [encode(tick) for tick in ticks(simulator(seed + 1, rate), 20)]


@pytest.mark.parametrize("rate", [0.7, 500.0, 777.0, 5000.0])
def test_rate_is_exact_over_time(rate: float) -> None:
    made = ticks(simulator(rate=rate), 400)
    last_s = (to_us(datetime.fromisoformat(made[-1].ts_event)) - START_US) / 1e6
    assert abs(last_s * rate - (len(made) - 1)) <= rate * 1e-6 + 1e-9


def test_sequence_has_no_holes_and_time_never_goes_back() -> None:
    made = ticks(simulator(), 200)
    for symbol in {tick.symbol for tick in made}:
        assert [tick.seq for tick in made if tick.symbol == symbol] == list(
            range(Counter(t.symbol for t in made)[symbol])
        )
    assert [tick.ts_event for tick in made] == sorted(tick.ts_event for tick in made)


def test_prices_are_on_the_grid() -> None:
    for tick in ticks(simulator(), 200):
        if tick.exchange == "XOFF":
            assert tick.bid is not None
            assert tick.ask is not None
            assert tick.bid < tick.ask
            assert tick.price == (tick.bid + tick.ask) / 2
            assert tick.bid.as_tuple().exponent == -5
            assert tick.volume == 0
        else:
            assert tick.price.as_tuple().exponent == -2
            assert isinstance(tick.volume, int)
            assert tick.volume >= 100
            assert tick.volume % 100 == 0


def log_returns(source: Simulator, steps: int) -> np.ndarray:
    """The hidden prices' increments per step; the shown ones are these on a grid."""
    path = []
    for _ in range(steps):
        source._move()
        path.append(source._log_prices.copy())
    return np.diff(np.array(path), axis=0)


def test_correlation_and_volatility_are_the_calibrated_ones() -> None:
    returns = log_returns(simulator(), 20_000)
    np.testing.assert_allclose(np.corrcoef(returns, rowvar=False), MARKET.correlation, atol=0.04)
    steps_per_day = 86_400 / 0.02
    expected = [one.volatility_daily for one in MARKET.instruments]
    np.testing.assert_allclose(returns.std(axis=0) * np.sqrt(steps_per_day), expected, rtol=0.03)


def test_a_cross_never_contradicts_its_legs() -> None:
    source = simulator(volatility=200.0)
    made = {tick.symbol: tick.price for tick in ticks(source, 3000)}
    implied = made["EURUSD"] / made["GBPUSD"]
    assert abs(made["EURGBP"] / implied - 1) < Decimal("0.01")
    assert abs(made["EURUSD"] / Decimal("1.14657") - 1) > Decimal("0.001")


def test_only_keeps_the_legs_of_a_cross() -> None:
    reduced = MARKET.only(["EURGBP", "SPY"])
    assert {one.symbol for one in reduced.instruments} == {"EURGBP", "EURUSD", "GBPUSD", "SPY"}
    assert len(reduced.correlation) == 4
    with pytest.raises(KeyError, match="not simulated"):
        MARKET.only(["NOPE"])


def moment_us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("asset_class", "text", "is_open"),
    [
        ("equity", "2026-01-05T14:29:59Z", False),
        ("equity", "2026-01-05T14:30:00Z", True),
        ("etf", "2026-01-05T20:59:59Z", True),
        ("equity", "2026-01-05T21:00:00Z", False),
        ("equity", "2026-01-01T15:00:00Z", False),  # New Year
        ("equity", "2025-11-28T18:30:00Z", False),  # closes at 13:00 after Thanksgiving
        ("equity", "2026-07-06T13:30:00Z", True),  # summer time
        ("fx", "2026-01-09T21:59:59Z", True),
        ("fx", "2026-01-09T22:00:00Z", False),  # Friday 17:00 New York
        ("fx", "2026-01-11T21:59:59Z", False),
        ("fx", "2026-01-11T22:00:00Z", True),  # Sunday 17:00 New York
        ("fx", "2026-01-01T15:00:00Z", True),
    ],
)
def test_exchange_hours(asset_class: str, text: str, is_open: bool) -> None:
    assert ExchangeHours().is_open(asset_class, moment_us(text)) is is_open
    assert AlwaysOpen().is_open(asset_class, moment_us(text))


def test_before_the_opening_only_currencies_are_sent() -> None:
    plan = SimulationPlan(seed=1, start_us=moment_us("2026-01-05T14:29:59.5Z"))
    made = ticks(Simulator(MARKET, plan, ExchangeHours()), 50)
    before = {tick.exchange for tick in made if tick.ts_event < "2026-01-05T14:30:00"}
    after = {tick.exchange for tick in made if tick.ts_event >= "2026-01-05T14:30:00.02"}
    assert before == {"XOFF"}
    assert after > {"XOFF", "XNAS", "ARCX"}


def test_on_a_weekend_nothing_is_sent() -> None:
    plan = SimulationPlan(seed=1, start_us=moment_us("2026-01-10T15:00:00Z"))
    assert ticks(Simulator(MARKET, plan, ExchangeHours()), 50) == []


def test_skip_leaves_whole_steps_out() -> None:
    source = simulator()
    source.skip_to(START_US + 60_000_000)
    first = source.step()[0]
    assert first.ts_event == rfc3339(START_US + 60_000_000)
    source.skip_to(START_US)
    assert source.step()[0].ts_event == rfc3339(START_US + 60_020_000)


@pytest.mark.parametrize(("rate", "volatility"), [(0, 1), (-1, 1), (float("inf"), 1), (500, -1)])
def test_bad_plan(rate: float, volatility: float) -> None:
    with pytest.raises(ValueError, match="give"):
        SimulationPlan(seed=1, start_us=0, rate=rate, volatility=volatility)
