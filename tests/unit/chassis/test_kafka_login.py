"""A client is told a password when its file has another one."""

from pathlib import Path

import pytest

from chassis import kafka_login
from chassis.kafka import new_consumer, new_producer
from chassis.kafka_access import KafkaAccess
from chassis.kafka_login import LOOK_EVERY_S, FollowedPassword, FollowingConsumer, FollowingProducer


class Client:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def set_sasl_credentials(self, username: str, password: str) -> None:
        self.told.append((username, password))


class Looking:
    """A client, its password, the file, and a clock that the test moves."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.client, self.file = Client(), file
        self._password = FollowedPassword(KafkaAccess(user="risk", password_file=file, ca_file=Path("ca")))
        monkeypatch.setattr(kafka_login.time, "monotonic", lambda: self.now)

    def look(self, after_s: float = LOOK_EVERY_S) -> list[tuple[str, str]]:
        self.now += after_s
        self._password.look(self.client)
        return self.client.told


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looking:
    (tmp_path / "password").write_text("first\n")
    return Looking(tmp_path / "password", monkeypatch)


def test_a_client_is_told_once_and_again_when_the_file_changes(looking: Looking) -> None:
    assert looking.look() == looking.look() == [("risk", "first")]
    looking.file.write_text("second\n")
    assert looking.look() == looking.look() == [("risk", "first"), ("risk", "second")]


def test_nobody_reads_the_file_more_often_than_needed(looking: Looking) -> None:
    looking.look()
    looking.file.write_text("second")
    assert looking.look(after_s=LOOK_EVERY_S / 2) == [("risk", "first")]
    assert looking.look(after_s=LOOK_EVERY_S / 2)[-1] == ("risk", "second")


def test_a_file_that_is_being_written_is_waited_for(looking: Looking) -> None:
    looking.look()
    looking.file.write_text("")
    assert looking.look() == [("risk", "first")]
    looking.file.unlink()
    assert looking.look() == [("risk", "first")]
    looking.file.write_text("second")
    assert looking.look()[-1] == ("risk", "second")


def test_clients_with_a_user_follow_and_others_have_nothing_to_follow(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = {"log_level": 0}
    assert not isinstance(new_consumer("127.0.0.1:1", "g", **quiet), FollowingConsumer)
    assert not isinstance(new_producer("127.0.0.1:1", "c", **quiet), FollowingProducer)
    monkeypatch.setenv("TAPELINE_KAFKA_USER", "risk")
    monkeypatch.setenv("TAPELINE_KAFKA_PASSWORD_FILE", str(looking.file))
    monkeypatch.setenv("TAPELINE_KAFKA_CA_FILE", "ca.crt")
    given = {**quiet, "ssl.ca.location": "probe"}
    assert isinstance(new_consumer("127.0.0.1:1", "g", **given), FollowingConsumer)
    assert isinstance(new_producer("127.0.0.1:1", "c", **given), FollowingProducer)
