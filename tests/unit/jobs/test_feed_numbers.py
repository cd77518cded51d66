from datetime import date
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from jobs.feed_numbers import NumberSpan, sharing

DAY = date(2013, 10, 7)
bounds = st.tuples(st.integers(0, 40), st.integers(0, 8))
days = st.lists(st.tuples(st.sampled_from(["AAA", "BBB"]), bounds), max_size=12)


@given(days)
def test_windows_share_numbers_exactly_when_their_spans_overlap(
    drawn: list[tuple[str, tuple[int, int]]],
) -> None:
    spans = [
        NumberSpan(symbol, DAY, place, low, low + width) for place, (symbol, (low, width)) in enumerate(drawn)
    ]
    expected = set()
    for one, other in combinations(spans, 2):
        if one.symbol == other.symbol and one.low <= other.high and other.low <= one.high:
            expected |= {one.key, other.key}
    assert sharing(spans) == expected


def test_the_same_numbers_on_two_days_are_no_overlap() -> None:
    assert sharing([NumberSpan("AAA", DAY, 0, 1, 9), NumberSpan("AAA", date(2013, 10, 8), 1, 1, 9)]) == set()
