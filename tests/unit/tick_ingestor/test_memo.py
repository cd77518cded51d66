"""Found answers are kept, refused ones are not, and the memory is bounded."""

import pytest

from tick_ingestor.core.memo import Memo
from tick_ingestor.core.rejection import Rejection


def test_an_answer_is_found_once() -> None:
    asked: list[str] = []

    def find(key: str) -> int:
        asked.append(key)
        return len(key)

    memo = Memo(find)
    assert [memo["abc"], memo["abc"], memo["d"]] == [3, 3, 1]
    assert asked == ["abc", "d"]


def test_a_rejection_is_a_key_error_and_is_asked_again() -> None:
    answers = iter((Rejection("not_json", "not yet"), 7))
    memo = Memo[str, int](lambda _: next(answers))
    with pytest.raises(KeyError, match="key"):
        memo["key"]
    assert memo["key"] == 7


def test_a_full_memory_begins_anew() -> None:
    memo = Memo[int, int](lambda key: key * key, capacity=3)
    assert [memo[key] for key in range(10)] == [key * key for key in range(10)]
    assert len(memo) <= 3
