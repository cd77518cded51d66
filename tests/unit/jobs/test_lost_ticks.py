"""Ticks are given up by name: a loss that nobody has seen yet is never covered by an old decision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.lost_ticks import TicksLost, covers, lost_ticks, named, parse

offsets = st.dictionaries(st.integers(0, 5), st.integers(0, 100))


def test_only_what_bronze_wanted_and_the_topic_lacks_is_lost() -> None:
    wanted, first = {0: 7, 1: 5, 2: 9}, {0: 10, 1: 5, 2: 3, 3: 50}
    assert lost_ticks(wanted, first) == {0: range(7, 10)}


@given(offsets, offsets)
def test_the_name_of_a_loss_covers_exactly_it(wanted: dict[int, int], first: dict[int, int]) -> None:
    lost = lost_ticks(wanted, first)
    assert parse(named(lost)) == lost
    assert covers(parse(named(lost)), lost)
    for number in lost:
        more = {**lost, number: range(lost[number].start, lost[number].stop + 1)}
        assert not covers(lost, more)
        assert not covers({}, {number: lost[number]})


@pytest.mark.parametrize("text", ["all", "0", "0:5", "0:5-", "x:1-2", "0:1-2;1:2-3"])
def test_a_decision_must_name_offsets(text: str) -> None:
    with pytest.raises(ValueError, match="partition:first-last"):
        parse(text)


def test_the_error_says_what_was_lost_and_what_to_do() -> None:
    text = str(TicksLost({0: range(7, 10), 3: range(1)}, "SETTING"))
    assert "4 ticks lost" in text
    assert "SETTING=0:7-9,3:0-0" in text
