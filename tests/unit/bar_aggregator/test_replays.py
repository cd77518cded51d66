"""Replays of the ingestor are dropped; ticks of a slower partition are not."""

from bar_aggregator.core.replays import HighWaterMarks


def test_an_offset_that_came_by_is_a_replay() -> None:
    marks = HighWaterMarks()
    assert not marks.is_replay(raw_partition=0, raw_offset=5, partition=2)
    assert not marks.is_replay(raw_partition=0, raw_offset=9, partition=2)
    assert marks.is_replay(raw_partition=0, raw_offset=9, partition=2)
    assert marks.is_replay(raw_partition=0, raw_offset=7, partition=2)
    assert not marks.is_replay(raw_partition=0, raw_offset=10, partition=2)


def test_a_slower_tick_partition_keeps_its_ticks() -> None:
    marks = HighWaterMarks()
    assert not marks.is_replay(raw_partition=0, raw_offset=100, partition=1)
    assert not marks.is_replay(raw_partition=0, raw_offset=3, partition=2)
    assert not marks.is_replay(raw_partition=1, raw_offset=3, partition=1)
