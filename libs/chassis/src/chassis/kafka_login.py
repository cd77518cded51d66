"""Clients of confluent-kafka that follow the password of their user when its file changes.

The client keeps the password it was made with until it is told another, which then counts for connections
made from there on. Whoever uses a client looks at the file on the way, at most once a second: a thread of our
own could meet a client that is just being closed.
"""

import time
from typing import Any, Protocol

from confluent_kafka import Consumer, Message, Producer

from chassis.kafka_access import KafkaAccess
from chassis.logs import get_logger

LOOK_EVERY_S = 1.0
log = get_logger(__name__)


class Told(Protocol):
    """A client that can be told a password."""

    def set_sasl_credentials(self, username: str, password: str) -> None: ...


class FollowedPassword:
    """The password that one client knows, and when it was last compared with the file."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._known = ""  # the file may have changed since the client was configured: the first look tells
        self._look_at = 0.0

    def look(self, client: Told) -> None:
        """Tell the client when the file has another password. One that cannot be read now may be later."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        try:
            password = self._access.password
        except OSError as error:
            log.warning("password of Kafka cannot be read, the old one is kept", error=str(error))
            return
        if password and password != self._known:
            client.set_sasl_credentials(self._access.user, password)
            self._known = password


class FollowingConsumer(Consumer):
    """Looks whenever it is polled or commits."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._password = FollowedPassword(KafkaAccess())

    def poll(self, timeout: float = -1) -> Message | None:
        self._password.look(self)
        return super().poll(timeout)

    def commit(self, *arguments: Any, **named: Any) -> Any:
        self._password.look(self)
        return super().commit(*arguments, **named)


class FollowingProducer(Producer):
    """Looks whenever it is polled or flushed."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._password = FollowedPassword(KafkaAccess())

    def poll(self, timeout: float = -1) -> int:
        self._password.look(self)
        return super().poll(timeout)

    def flush(self, timeout: float = -1) -> int:
        self._password.look(self)
        return super().flush(timeout)
