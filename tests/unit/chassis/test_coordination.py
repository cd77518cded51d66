"""A broker that is away or still looks for a group's coordinator is waited for; any other error is not."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from chassis import offsets


class Coordinator:
    """Answers 7 after these errors."""

    def __init__(self, *errors: int) -> None:
        self.errors = list(errors)

    def __call__(self) -> int:
        if self.errors:
            raise KafkaException(KafkaError(self.errors.pop(0)))
        return 7


def test_an_answer_is_waited_for() -> None:
    asked = Coordinator(KafkaError._WAIT_COORD, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
    assert offsets._once_back(asked) == 7


def test_other_errors_and_an_endless_search_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KafkaException, match="authoriz"):
        offsets._once_back(Coordinator(KafkaError.GROUP_AUTHORIZATION_FAILED))
    monkeypatch.setattr(offsets, "BROKER_WAIT_S", 0.2)
    with pytest.raises(KafkaException):
        offsets._once_back(Coordinator(*[KafkaError.NOT_COORDINATOR] * 50))
