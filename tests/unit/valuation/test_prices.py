"""The newest price is decided by market order alone."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from testkit.builders import make_tick, moment, to_us
from valuation.core.prices import PriceVector, from_e8

TICKS = st.lists(
    st.builds(
        make_tick,
        st.sampled_from(["AIG", "IBM"]),
        st.sampled_from(["14:30", "14:30:00.5", "14:31"]),
        st.sampled_from(["10", "10.5", "11"]),
        seq=st.integers(0, 3),
        tick_id=st.sampled_from(["a", "b"]),
    ),
    max_size=12,
    # One id is one tick: the same (time, seq, id) always has the same price.
    unique_by=lambda tick: (tick.symbol, tick.ts_event_us, tick.seq, tick.tick_id),
)


def vector_of(ticks: list) -> PriceVector:
    vector = PriceVector()
    for tick in ticks:
        vector.take(tick)
    return vector


@given(TICKS, st.randoms())
def test_order_and_repetition_do_not_matter(ticks: list, random: object) -> None:
    shuffled = [*ticks, *ticks]
    random.shuffle(shuffled)
    first, second = vector_of(ticks), vector_of(shuffled)
    assert [first.price(s) for s in ("AIG", "IBM")] == [second.price(s) for s in ("AIG", "IBM")]


def test_an_older_tick_changes_nothing() -> None:
    vector = vector_of([make_tick("IBM", "14:31", "11", seq=5)])
    assert not vector.take(make_tick("IBM", "14:30", "12", seq=6))
    assert not vector.take(make_tick("IBM", "14:31", "12", seq=4))
    assert vector.take(make_tick("IBM", "14:31", "12", seq=6))
    assert vector.price("IBM").value == 12


def test_a_price_is_the_same_object_until_it_changes() -> None:
    vector = vector_of([make_tick("IBM", "14:31", "11")])
    assert vector.price("IBM") is vector.price("IBM")
    assert vector.price("IBM").as_of_us == to_us(moment("14:31"))
    assert vector.price("AIG") is None


def test_integers_become_exact_decimals() -> None:
    assert str(from_e8(18942000000)) == "189.42"
    assert str(from_e8(1)) == "1E-8"
    assert from_e8(123456789012345678) == Decimal("1234567890.12345678")
    assert str(from_e8(10**10)) == "100"
