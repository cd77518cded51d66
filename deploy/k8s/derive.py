"""`python deploy/k8s/derive.py`: writes the manifests that follow from contracts, rules and settings.

Topics, users and their ACLs come from contracts/topics: a service may read what the contract says it
consumes, write what it produces, and read back what it writes, since state is rebuilt from topics.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from contracts import topics
from contracts.admin import topic_config
from contracts.topic import Topic

HERE = Path(__file__).resolve().parent
RULES = HERE.parent / "prometheus" / "rules"
AIRFLOW = HERE.parents[1] / "airflow" / "settings.env"
HEAD = "# Made by `python deploy/k8s/derive.py` from {source}; do not edit.\n"
CLUSTER_LABEL = {"strimzi.io/cluster": "bus"}
# People and other companies get users of their own; the feed's is in components/simulator.
STRANGERS = frozenset({"third-party"})
SIMULATOR = "producer"
OPERATOR = "cli"
# They show how far every group is on every topic.
OBSERVERS = frozenset({"api-gateway", OPERATOR})
# What a person does beyond the contracts: send a file or a dead letter again, look at dead letters.
_REPLAYING = {topics.TICKS_RAW.name: ["Write", "Describe"], topics.TICKS_REJECTED.name: ["Read", "Describe"]}

Manifest = dict[str, Any]


def derived_files() -> dict[Path, str]:
    """Path -> text of every derived manifest, without writing anything."""
    users = {name: user(name) for name in services()}
    base = HERE / "base" / "kafka"
    return {
        base / "topics.yaml": _text("contracts/topics", (kafka_topic(one) for one in topics.ALL)),
        base / "users.yaml": _text(
            "contracts/topics", (one for name, one in users.items() if name != SIMULATOR)
        ),
        HERE / "components" / "simulator" / "user.yaml": _text("contracts/topics", [users[SIMULATOR]]),
        HERE / "components" / "airflow" / "settings.yaml": _text(
            "airflow/settings.env", [airflow_settings()]
        ),
        HERE / "components" / "monitoring" / "rules.yaml": _text(
            "deploy/prometheus/rules", [prometheus_rule()]
        ),
    }


def services() -> list[str]:
    """Everybody whom a contract names, strangers left out."""
    named = {name for topic in topics.ALL for name in (*topic.producers, *topic.consumers)}
    return sorted(named - STRANGERS)


def kafka_topic(topic: Topic) -> Manifest:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": topic.name, "labels": CLUSTER_LABEL},
        "spec": {"partitions": topic.partitions, "config": topic_config(topic)},
    }


def user(name: str) -> Manifest:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": CLUSTER_LABEL},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": list(acls(name))},
        },
    }


def acls(name: str) -> Iterator[Manifest]:
    """What one service may do: least rights by topic, and its own groups."""
    for topic in topics.ALL:
        writes, reads = name in topic.producers, name in topic.consumers
        if writes or reads:
            operations = ["Read", "Write", "Describe"] if writes else ["Read", "Describe"]
            yield _acl("topic", topic.name, operations)
        elif name == OPERATOR and topic.name in _REPLAYING:
            yield _acl("topic", topic.name, _REPLAYING[topic.name])
        elif name in OBSERVERS:
            yield _acl("topic", topic.name, ["Describe"])
    # Groups are named after their service: `valuation`, `bar-aggregator.bronze`.
    yield _acl("group", name, ["Read", "Describe"])
    yield _acl("group", f"{name}.", ["Read", "Describe"], "prefix")
    if name in OBSERVERS:
        yield _acl("group", "*", ["Describe"])


def _acl(kind: str, name: str, operations: list[str], pattern: str = "literal") -> Manifest:
    return {
        "resource": {"type": kind, "name": name, "patternType": pattern},
        "operations": operations,
    }


def prometheus_rule() -> Manifest:
    """All rules as one resource of the Prometheus operator."""
    groups = [
        group for path in sorted(RULES.glob("*.yaml")) for group in yaml.safe_load(path.read_text())["groups"]
    ]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "tapeline"},
        "spec": {"groups": groups},
    }


def airflow_settings() -> Manifest:
    """Airflow's own settings, the same as on one machine."""
    lines = [line.strip() for line in AIRFLOW.read_text().splitlines()]
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "airflow-settings"},
        "data": {name: value for name, _, value in pairs},
    }


def _text(source: str, manifests: Iterator[Manifest] | list[Manifest]) -> str:
    dumped = yaml.dump_all(manifests, Dumper=_Plain, sort_keys=False, width=110, explicit_start=False)
    return HEAD.format(source=source) + dumped


class _Plain(yaml.SafeDumper):
    """Writes out what is used twice: an anchor would hide what a manifest says."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def main() -> None:
    for path, text in derived_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
