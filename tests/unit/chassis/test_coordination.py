"""A group's coordinator that a broker is still looking for is waited for; any other error is not."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from chassis import kafka


class Coordinator:
    """Answers 7 after these errors."""

    def __init__(self, *errors: int) -> None:
        self.errors = list(errors)

    def __call__(self) -> int:
        if self.errors:
            raise KafkaException(KafkaError(self.errors.pop(0)))
        return 7


def test_an_answer_is_waited_for() -> None:
    asked = Coordinator(KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
    assert kafka._once_coordinated(asked) == 7


def test_other_errors_and_an_endless_search_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KafkaException, match="authoriz"):
        kafka._once_coordinated(Coordinator(KafkaError.GROUP_AUTHORIZATION_FAILED))
    monkeypatch.setattr(kafka, "COORDINATOR_WAIT_S", 0.2)
    with pytest.raises(KafkaException):
        kafka._once_coordinated(Coordinator(*[KafkaError.NOT_COORDINATOR] * 50))
