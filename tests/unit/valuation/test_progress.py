"""Nothing is committed before it is published and stored."""

from valuation.core.progress import Progress

TICKS, BARS = ("ticks", 0), ("bars", 0)


def test_an_offset_is_committed_when_it_is_stored_and_published() -> None:
    progress = Progress({TICKS: 5, BARS: 0})
    progress.take(TICKS, 9)
    progress.settled[TICKS] = 9
    assert progress.moves() == {TICKS: (5, 9)}
    assert progress.to_commit() == {TICKS: 5, BARS: 0}
    progress.stored[TICKS] = 9
    assert progress.to_commit()[TICKS] == 5
    progress.published[TICKS] = 7
    assert progress.to_commit()[TICKS] == 7
    progress.committed |= progress.to_commit()
    assert progress.to_commit() == {}


def test_reading_never_goes_back() -> None:
    progress = Progress({TICKS: 5})
    progress.take(TICKS, 9)
    progress.take(TICKS, 7)
    assert progress.read[TICKS] == 9
