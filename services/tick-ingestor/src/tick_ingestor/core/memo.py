"""Answers that come back: a dictionary that works out what it does not hold."""

from collections.abc import Callable
from typing import TypeVar

from tick_ingestor.core.rejection import Rejection

Key = TypeVar("Key")
Answer = TypeVar("Answer")

REMEMBERED_MAX = 100_000


class Memo(dict[Key, Answer]):
    """`memo[key]` is `find(key)`, remembered; KeyError when that is a Rejection, which is not remembered.

    A feed repeats its prices, seconds and texts, and a dictionary is many times faster than decimals and
    calendars. When it is full it forgets everything: that costs nothing per look-up.
    """

    def __init__(self, find: Callable[[Key], Answer | Rejection], capacity: int = REMEMBERED_MAX) -> None:
        super().__init__()
        self._find = find
        self._capacity = capacity

    def __missing__(self, key: Key) -> Answer:
        answer = self._find(key)
        if isinstance(answer, Rejection):
            raise KeyError(key)
        if len(self) >= self._capacity:
            self.clear()
        self[key] = answer
        return answer
