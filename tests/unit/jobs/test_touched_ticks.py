from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jobs.compact import crowded
from jobs.silver_bars import WINDOW_US
from jobs.touched_ticks import ranges

HOUR_US = 3_600_000_000
starts = st.sets(st.integers(0, 24 * 30).map(lambda number: number * WINDOW_US), min_size=1)


@given(starts)
def test_ranges_cover_every_window_and_are_more_than_an_hour_apart(windows: set[int]) -> None:
    found = ranges(windows)
    for window in windows:
        assert any(start <= window and window + WINDOW_US <= end for start, end in found)
    for (_, end), (start, _) in pairwise(found):
        assert start - end >= HOUR_US
    assert {start for start, _ in found} <= windows


def test_only_partitions_with_too_many_files_are_crowded() -> None:
    files = [{"day": 1}] * 3 + [{"day": 2}] * 2
    assert crowded(files, ["day"], 2) == [(1,)]
    assert crowded(files, [], 4) == [()]
