"""Who a client says it is: nobody on one machine, a user with a password over TLS elsewhere."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.kafka import consumer_config, producer_config
from chassis.kafka_access import (
    KafkaAccess,
    PasswordInFile,
    aiokafka_options,
    java_options,
    librdkafka_options,
)


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user `risk`; returns the file with its password."""
    password = tmp_path / "password"
    password.write_text("first\n")
    monkeypatch.setenv("TAPELINE_KAFKA_USER", "risk")
    monkeypatch.setenv("TAPELINE_KAFKA_PASSWORD_FILE", str(password))
    monkeypatch.setenv("TAPELINE_KAFKA_CA_FILE", "/etc/ca.crt")
    return password


def test_without_a_user_nothing_is_said() -> None:
    assert librdkafka_options() == aiokafka_options() == java_options() == {}


def test_every_client_of_ours_gets_the_user(user: Path) -> None:
    for config in (consumer_config("b:1", "g"), producer_config("b:1", "c")):
        assert config["security.protocol"] == "SASL_SSL"
        assert (config["sasl.username"], config["sasl.password"]) == ("risk", "first")
        assert config["ssl.ca.location"] == "/etc/ca.crt"


def test_java_is_told_the_same(user: Path) -> None:
    options = java_options()
    assert 'username="risk" password="first";' in options["sasl.jaas.config"]
    assert options["ssl.truststore.location"] == "/etc/ca.crt"


def test_a_changed_password_counts_for_the_next_client(user: Path) -> None:
    user.write_text("second")
    assert librdkafka_options()["sasl.password"] == "second"


def test_a_user_without_its_secrets_is_refused(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAPELINE_KAFKA_CA_FILE")
    with pytest.raises(ValidationError, match="TAPELINE_KAFKA_CA_FILE"):
        librdkafka_options()


def test_aiokafka_encodes_what_is_in_the_file_by_then(user: Path) -> None:
    password = PasswordInFile(KafkaAccess())
    user.write_text("second")
    assert password.encode("utf-8") == b"second"
