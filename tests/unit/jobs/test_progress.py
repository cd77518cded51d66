import json

from hypothesis import given
from hypothesis import strategies as st

from jobs.progress import Progress

numbers = st.integers(0, 2**40)
progresses = st.builds(
    Progress,
    st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), numbers),
    st.dictionaries(st.integers(0, 5), numbers),
    st.dictionaries(st.integers(0, 5), numbers),
    st.dictionaries(st.integers(0, 5), numbers),
)


@given(progresses)
def test_a_note_brings_progress_back(progress: Progress) -> None:
    assert Progress.from_note(json.loads(progress.to_note())) == progress


@given(progresses, progresses)
def test_progress_never_falls_whatever_the_order(one: Progress, other: Progress) -> None:
    merged = one.merged(other)
    assert merged == other.merged(one)
    assert merged.merged(one) == merged
    for place, mark in one.marks.items():
        assert merged.marks[place] >= mark


def test_ticks_given_up_are_counted_once_and_for_good() -> None:
    before = Progress({}, {0: 7, 1: 3}, {}, {0: 2})
    after = before.without({0: range(7, 10)})
    assert (after.next_offsets, after.lost) == ({0: 10, 1: 3}, {0: 5})
    assert Progress.from_note(json.loads(after.to_note())) == after
