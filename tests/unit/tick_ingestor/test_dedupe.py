"""Which ids are remembered, and what is said about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tick_ingestor.core.dedupe import RecentIds


def test_a_second_event_with_the_id_is_a_duplicate() -> None:
    recent = RecentIds(10)
    assert recent.see("a", 1, 5) == "new"
    assert recent.see("a", 1, 6) == "duplicate"
    assert recent.see("a", 2, 5) == "duplicate"


def test_the_same_raw_event_again_is_no_duplicate() -> None:
    recent = RecentIds(10)
    recent.see("a", 1, 5)
    assert recent.see("a", 1, 5) == "same"


def test_the_first_origin_is_kept() -> None:
    recent = RecentIds(10)
    recent.see("a", 1, 5)
    recent.see("a", 1, 6)
    assert recent.see("a", 1, 5) == "same"


@given(st.integers(2, 40), st.integers(0, 200))
def test_the_newest_half_is_remembered_and_no_more_than_the_capacity(capacity: int, seen: int) -> None:
    recent = RecentIds(capacity)
    for number in range(seen):
        assert recent.see(str(number), 0, number) == "new"
        assert len(recent) <= capacity
    for number in range(max(0, seen - capacity // 2), seen):
        assert recent.see(str(number), 1, 0) == "duplicate"


def test_one_id_is_too_few() -> None:
    with pytest.raises(ValueError, match="capacity was 1"):
        RecentIds(1)
