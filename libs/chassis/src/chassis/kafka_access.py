"""How a client proves to the broker who it is: user and password over TLS, or nothing on one machine.

Read from the environment where a client is made, because every client of a process has the same identity.
"""

import ssl
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROTOCOL, MECHANISM = "SASL_SSL", "SCRAM-SHA-512"
_JAVA_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


class KafkaAccess(BaseSettings):
    """Every field is read from `TAPELINE_KAFKA_<NAME>`; without a user the broker is open."""

    model_config = SettingsConfigDict(env_prefix="TAPELINE_KAFKA_", frozen=True, extra="ignore")

    user: str = Field(default="", description="name at the broker; empty: the broker asks nobody")
    password_file: Path | None = Field(default=None, description="file with the password; may change")
    ca_file: Path | None = Field(default=None, description="certificate of whoever signs the brokers'")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.user and (self.password_file is None or self.ca_file is None):
            raise ValueError(
                "TAPELINE_KAFKA_USER needs TAPELINE_KAFKA_PASSWORD_FILE and TAPELINE_KAFKA_CA_FILE"
            )
        return self

    @property
    def password(self) -> str:
        """Read anew each time, since the file may change while we run."""
        assert self.password_file is not None, "asked only where there is a user"
        return self.password_file.read_text().strip()

    def ssl_context(self) -> ssl.SSLContext:
        """Trusts the given authority only, and checks the name of the host."""
        return ssl.create_default_context(cafile=self.ca_file)


class PasswordInFile(str):
    """A password that is read when it is used, for aiokafka: it encodes what it was given at each login.

    Its clients cannot be told another password, and Faust makes its own where we do not reach them.
    """

    _access: KafkaAccess

    def __new__(cls, access: KafkaAccess) -> Self:
        password = super().__new__(cls, access.password)
        password._access = access
        return password

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return self._access.password.encode(encoding, errors)


def librdkafka_options() -> dict[str, Any]:
    """For clients of confluent-kafka; those of `chassis.kafka` follow a password that changes."""
    access = KafkaAccess()
    if not access.user:
        return {}
    return {
        "security.protocol": PROTOCOL,
        "sasl.mechanism": MECHANISM,
        "sasl.username": access.user,
        "sasl.password": access.password,
        "ssl.ca.location": str(access.ca_file),
    }


def aiokafka_options() -> dict[str, Any]:
    """For clients of aiokafka."""
    access = KafkaAccess()
    if not access.user:
        return {}
    return {
        "security_protocol": PROTOCOL,
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": access.user,
        "sasl_plain_password": PasswordInFile(access),
        "ssl_context": access.ssl_context(),
    }


def java_options() -> dict[str, str]:
    """For the Java client inside Spark, which keeps the password: a query that is refused is started anew."""
    access = KafkaAccess()
    if not access.user:
        return {}
    login = f'{_JAVA_LOGIN} required username="{access.user}" password="{access.password}";'
    return {
        "security.protocol": PROTOCOL,
        "sasl.mechanism": MECHANISM,
        "sasl.jaas.config": login,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(access.ca_file),
    }
