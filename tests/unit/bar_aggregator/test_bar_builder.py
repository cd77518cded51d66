"""Bars are exact and do not depend on how their ticks arrive."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bar_aggregator.core.bar_builder import (
    WINDOW_US,
    BarBuilder,
    MixedCurrency,
    from_e8,
    vwap,
    window_start_us,
)
from contracts import Bar, Tick

START_US = 1_381_152_600_000_000  # 2013-10-07T13:30:00Z
PRICE_E8_MAX = 2**63 - 1

ticks_of_a_window = st.lists(
    st.builds(
        lambda at, seq, price, volume: Tick(
            tick_id=f"s/AAA/{at}-{seq}-{price}-{volume}",
            symbol="AAA",
            ts_event_us=START_US + at,
            ts_ingest_us=0,
            price_e8=price,
            currency="USD",
            exchange="XNAS",
            volume=volume,
            seq=seq,
            raw_partition=0,
            raw_offset=0,
        ),
        # Few times and sequence numbers, so that ties are common.
        st.sampled_from((0, 1, 2, WINDOW_US - 1)),
        st.integers(-1, 2),
        st.integers(1, 5) | st.integers(1, PRICE_E8_MAX),
        st.integers(0, 3) | st.integers(0, 10**13),
    ),
    min_size=1,
    max_size=12,
)


def bar_of(ticks: list[Tick]) -> Bar:
    builder = BarBuilder(ticks[0])
    for one in ticks[1:]:
        builder.update(one)
    return builder.build("provisional", 7)


def oracle(ticks: list[Tick]) -> tuple[object, ...]:
    """The bar by sorting and exact fractions."""
    distinct = sorted(
        {one.tick_id: one for one in ticks}.values(), key=lambda one: (one.ts_event_us, one.seq, one.tick_id)
    )
    prices = [Fraction(one.price_e8, 10**8) for one in distinct]
    volume = sum(one.volume for one in distinct)
    notional = sum(price * one.volume for price, one in zip(prices, distinct, strict=True))
    mean = round(notional / volume * 10**8) if volume else None  # round() of a Fraction is half-even
    return prices[0], max(prices), min(prices), prices[-1], mean, volume, len(distinct)


@given(ticks_of_a_window, st.randoms(use_true_random=False))
def test_any_permutation_repetition_or_split_gives_the_same_bar(ticks: list[Tick], random: object) -> None:
    arrived = ticks + random.choices(ticks, k=5)  # type: ignore[attr-defined]
    random.shuffle(arrived)  # type: ignore[attr-defined]
    assert bar_of(arrived) == bar_of(ticks)
    builder = BarBuilder(arrived[0])
    for one in arrived[1:]:
        builder.build("forming", 1)  # looking at it in between changes nothing
        builder.update(one)
    assert builder.build("provisional", 7) == bar_of(ticks)


@given(ticks_of_a_window)
def test_bars_equal_the_oracle(ticks: list[Tick]) -> None:
    bar = bar_of(ticks)
    numbers = (bar.open, bar.high, bar.low, bar.close)
    mean = None if bar.vwap is None else int(bar.vwap * 10**8)
    expected = oracle(ticks)
    assert (*map(Fraction, numbers), mean, bar.volume, bar.trades) == expected


def test_a_bar_by_hand(tick: Callable[..., Tick]) -> None:
    first = tick(START_US, seq=1, price_e8=1_000_000_000, volume=100)
    second = tick(START_US, seq=2, price_e8=1_200_000_000, volume=200)
    third = tick(START_US + 5, price_e8=900_000_000, volume=0)
    bar = bar_of([third, second, first])
    assert bar == Bar(
        symbol="AAA",
        window_start=datetime(2013, 10, 7, 13, 30, tzinfo=UTC),
        window_end=datetime(2013, 10, 7, 13, 35, tzinfo=UTC),
        open=Decimal(10),
        high=Decimal(12),
        low=Decimal(9),
        close=Decimal(9),
        vwap=Decimal("11.33333333"),
        volume=300,
        trades=3,
        currency="USD",
        status="provisional",
        revision=0,
        first_tick_id=first.tick_id,
        last_tick_id=third.tick_id,
        as_of=datetime(2013, 10, 7, 13, 30, 0, 5, tzinfo=UTC),
        recorded_at=datetime(1970, 1, 1, 0, 0, 0, 7, tzinfo=UTC),
    )


def test_equal_time_and_sequence_are_ordered_by_tick_id(tick: Callable[..., Tick]) -> None:
    ticks = [tick(START_US, tick_id=name, price_e8=price) for name, price in (("b", 2), ("a", 1), ("c", 3))]
    for arrived in (ticks, ticks[::-1]):
        bar = bar_of(arrived)
        assert (bar.first_tick_id, bar.last_tick_id) == ("a", "c")
        assert (bar.open, bar.close) == (from_e8(1), from_e8(3))


def test_quotes_alone_have_no_vwap(tick: Callable[..., Tick]) -> None:
    bar = bar_of([tick(START_US, volume=0), tick(START_US + 1, volume=0)])
    assert (bar.vwap, bar.volume, bar.trades) == (None, 0, 2)


@pytest.mark.parametrize(
    ("notional_e8", "volume", "expected"),
    [(5, 2, "0.00000002"), (7, 2, "0.00000004"), (8, 3, "0.00000003"), (7, 3, "0.00000002"), (1, 2, "0")],
)
def test_vwap_is_rounded_half_even(notional_e8: int, volume: int, expected: str) -> None:
    assert vwap(notional_e8, volume) == Decimal(expected)


def test_windows_are_half_open_and_aligned() -> None:
    assert window_start_us(START_US) == START_US
    assert window_start_us(START_US + WINDOW_US - 1) == START_US
    assert window_start_us(START_US + WINDOW_US) == START_US + WINDOW_US
    assert window_start_us(0) == 0


def test_the_greatest_price_is_exact() -> None:
    assert str(from_e8(PRICE_E8_MAX)) == "92233720368.54775807"


def test_two_currencies_in_a_window_are_refused(tick: Callable[..., Tick]) -> None:
    builder = BarBuilder(tick(START_US))
    with pytest.raises(MixedCurrency, match="is in EUR, its window began in USD"):
        builder.update(tick(START_US, seq=1, currency="EUR"))
