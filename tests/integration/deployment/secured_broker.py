"""One broker as deploy/k8s runs it: TLS, SCRAM users, ACLs, nobody without a user."""

import datetime as dt
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local_stack.broker import CLUSTER_ID
from local_stack.java import Java, find_java
from local_stack.ports import LOOPBACK, free_port, is_free
from local_stack.waiting import wait_until
from testkit.embedded import jars_of
from testkit.processes import ChildProcess

ADMIN = "admin"
PASSWORD = "a-password-for-tests"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=TLS://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=TLS://{host}:{port}
listener.security.protocol.map=TLS:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=TLS
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.tls.scram-sha-512.sasl.jaas.config={login} required username="{admin}" password="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={directory}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={directory}/ca.crt
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{admin};User:ANONYMOUS
log.dirs={directory}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""
# The controller's listener is open on loopback, so its anonymous peer is trusted here; Strimzi gives it TLS.
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"

EVERY_ACL = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)


@dataclass
class SecuredBroker:
    """Where it listens, files for its clients, and its process."""

    bootstrap: str
    directory: Path
    command: list[str]
    process: ChildProcess | None = None

    def start(self) -> None:
        """Returns when it answers."""
        self.process = ChildProcess("kafka", self.command, self.directory / "console.log")
        self.process.wait_ready(self.answers, 120)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(timeout_seconds=5)

    def restart(self) -> None:
        self.stop()
        self.start()

    def set_password(self, user: str, password: str) -> None:
        """What Strimzi's user operator does when the secret of a user changes."""
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(user, credential, password.encode())
        admin = self.admin()
        for future in admin.alter_user_scram_credentials([change]).values():
            future.result(60)

    @property
    def ca_file(self) -> Path:
        return self.directory / "ca.crt"

    def environment(self, user: str) -> dict[str, str]:
        """What deploy/k8s gives a service."""
        return {
            "TAPELINE_KAFKA_USER": user,
            "TAPELINE_KAFKA_PASSWORD_FILE": str(self.directory / "password"),
            "TAPELINE_KAFKA_CA_FILE": str(self.ca_file),
        }

    def answers(self) -> bool:
        if is_free(int(self.bootstrap.split(":")[1])):
            return False
        try:
            return bool(self.admin().list_topics(timeout=5).brokers)
        except KafkaException:
            return False

    def admin(self) -> AdminClient:
        return AdminClient(
            {
                "bootstrap.servers": self.bootstrap,
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": ADMIN,
                "sasl.password": PASSWORD,
                "ssl.ca.location": str(self.ca_file),
                "log_level": 0,
            }
        )


@contextmanager
def secured_broker(directory: Path, users: list[str]) -> Iterator[SecuredBroker]:
    """Formatted with these users, answering; ends with the block."""
    java, jars = find_java(directory / "java"), jars_of("kafka")
    port = free_port()
    write_certificates(directory)
    (directory / "password").write_text(PASSWORD)
    values: Mapping[str, Any] = {
        "host": LOOPBACK,
        "port": port,
        "controller_port": free_port([port]),
        "directory": directory,
        "login": LOGIN,
        "admin": ADMIN,
        "password": PASSWORD,
    }
    (directory / "server.properties").write_text(PROPERTIES.format(**values))
    _format(java, jars, directory, users)
    command = _java(java, jars, directory, "kafka.Kafka", str(directory / "server.properties"))
    broker = SecuredBroker(f"{LOOPBACK}:{port}", directory, command)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def apply_manifests(broker: SecuredBroker, topics: list[str], users: list[dict[str, Any]]) -> None:
    """Make the topics, and the rights that the KafkaUser manifests name: what Strimzi's operators do."""
    admin = broker.admin()
    made = [*admin.create_topics([NewTopic(name, 1, 1) for name in topics]).values()]
    bindings = [
        _binding(user["metadata"]["name"], acl, operation)
        for user in users
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    ]
    for future in [*made, *admin.create_acls(bindings).values()]:
        future.result(60)
    # The controller has answered; the broker that decides learns of it a moment later.
    assert wait_until(lambda: len(admin.describe_acls(EVERY_ACL).result(60)) == len(bindings), 60, 0.2)


def _binding(user: str, acl: dict[str, Any], operation: str) -> AclBinding:
    pattern = {"literal": ResourcePatternType.LITERAL, "prefix": ResourcePatternType.PREFIXED}
    return AclBinding(
        ResourceType[acl["resource"]["type"].upper()],
        acl["resource"]["name"],
        pattern[acl["resource"]["patternType"]],
        f"User:{user}",
        "*",
        AclOperation[operation.upper()],
        AclPermissionType.ALLOW,
    )


def write_certificates(directory: Path) -> None:
    """An authority in ca.crt, and the broker's certificate and key for 127.0.0.1 in broker.pem."""
    authority_key, broker_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate(
        "authority", authority_key.public_key(), "authority", authority_key, is_authority=True
    )
    broker = _certificate("broker", broker_key.public_key(), "authority", authority_key, is_authority=False)
    key = broker_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "ca.crt").write_bytes(authority)
    (directory / "broker.pem").write_bytes(key + broker + authority)


def _certificate(
    name: str, key: Any, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, *, is_authority: bool
) -> bytes:
    now = dt.datetime.now(dt.UTC)

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))])
        builder = builder.add_extension(addresses, critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _format(java: Java, jars: Path, directory: Path, users: list[str]) -> None:
    records = [
        argument
        for user in [ADMIN, *users]
        for argument in ("--add-scram", f"SCRAM-SHA-512=[name={user},iterations=4096,password={PASSWORD}]")
    ]
    arguments = [
        "format",
        "--cluster-id",
        CLUSTER_ID,
        "--config",
        str(directory / "server.properties"),
        *records,
    ]
    command = _java(java, jars, directory, "kafka.tools.StorageTool", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


def _java(java: Java, jars: Path, directory: Path, *arguments: str) -> list[str]:
    options = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", f"-Djava.io.tmpdir={directory}"]
    return [str(java.executable), *options, "-cp", f"{jars}/*", *arguments]
