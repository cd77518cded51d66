"""One Apache Kafka node in KRaft mode: configuration, storage, command line, readiness."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from local_stack.errors import StackError
from local_stack.java import Java
from local_stack.ports import LOOPBACK, is_free

# Fixed, so that a storage directory can be told from that of another product.
CLUSTER_ID = "VGFwZWxpbmUtbG9jYWwtMQ"
HEAP = "512m"
_SERVING = (f"-Xmx{HEAP}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:+ExitOnOutOfMemoryError")
# What lives for seconds does not earn back what the optimising compiler and a parallel collector cost.
_SHORT_LIVED = (f"-Xmx{HEAP}", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

# One node: internal topics cannot have more than one replica. Topics come from contracts/, never by accident.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={log_dir}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A broker that was killed may register again only when the session of its former life is over (default 9 s).
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
# A quiet compacted topic should still be cleaned within a day.
log.roll.hours=24
# After a pause longer than a topic's retention all that is in it is too old. By default it is deleted 30 s
# after the start, unread records too; services get this long to read what they had not read before the pause.
log.initial.task.delay.ms=600000
# And committed offsets must outlive a pause: the default forgets them after 7 days.
offsets.retention.minutes=525600
"""

_LOG4J = """\
Configuration:
  Properties: {{Property: {{name: pattern, value: "%d{{ISO8601}} %-5p %c{{1}} - %m%n"}}}}
  Appenders:
    RollingFile:
      name: file
      fileName: "{file}"
      filePattern: "{file}.%i"
      PatternLayout: {{pattern: "${{pattern}}"}}
      SizeBasedTriggeringPolicy: {{size: "10 MB"}}
      DefaultRolloverStrategy: {{max: 2}}
  Loggers:
    Root: {{level: INFO, AppenderRef: {{ref: file}}}}
"""


@dataclass(frozen=True)
class Broker:
    """Where one broker lives and listens. `directory` holds its settings, its data; `log_file` its log."""

    directory: Path
    log_file: Path
    port: int
    controller_port: int

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    @property
    def storage(self) -> Path:
        """The directory that holds the records, formatted by `prepare`; a copy of a new one will do."""
        return self.directory / "data"

    def prepare(self, java: Java, jars: Path) -> None:
        """Write the settings; format the storage where that has not been done. Raises StackError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        values = {
            "host": LOOPBACK,
            "port": self.port,
            "controller_port": self.controller_port,
            "log_dir": self.storage,
        }
        self._properties.write_text(_PROPERTIES.format(**values))
        (self.directory / "log4j2.yaml").write_text(_LOG4J.format(file=self.log_file))
        if not (self.storage / "meta.properties").exists():
            self._format(java, jars)

    def command(self, java: Java, jars: Path, *, short_lived: bool = False) -> list[str]:
        """What to run for the broker, in the foreground; SIGTERM stops it cleanly."""
        options = _SHORT_LIVED if short_lived else _SERVING
        return [*self._java(java, jars, options), "kafka.Kafka", str(self._properties)]

    def is_ready(self) -> bool:
        return not is_free(self.port) and answers(self.bootstrap)

    def _format(self, java: Java, jars: Path) -> None:
        arguments = [
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            CLUSTER_ID,
            "--config",
            str(self._properties),
        ]
        command = [*self._java(java, jars, _SHORT_LIVED), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            output = (done.stdout + done.stderr).strip()[-500:]
            raise StackError(
                f"Kafka's storage in {self.storage} could not be formatted: {output}",
                "check that the disk has room and is writable; `tapeline reset` starts from nothing",
            )

    def _java(self, java: Java, jars: Path, options: Sequence[str]) -> list[str]:
        configuration = (self.directory / "log4j2.yaml").as_uri()
        command = [str(java.executable), *options, "-Djava.awt.headless=true"]
        return [*command, f"-Dlog4j2.configurationFile={configuration}", "-cp", f"{jars}/*"]


def answers(bootstrap: str) -> bool:
    """Whether a broker answers a metadata request at the address."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "socket.timeout.ms": 2000})
    try:
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False
