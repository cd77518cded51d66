"""Pods are restricted (S19), networks closed but for declared edges (S20), rights small (S21)."""

import re
from collections.abc import Iterator

import pytest
from tests.unit.deployment.edges import Opening, across_the_border, labels_of, pod_edges
from tests.unit.deployment.manifests import (
    OVERLAYS,
    Manifest,
    name_of,
    named,
    needs_kustomize,
    of_kind,
    pods,
    services,
)

from contracts import topics

pytestmark = needs_kustomize
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
VOLUMES = {
    "configMap",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
# Who asks whom over HTTP, besides topics and database: the same as the settings *_url in the code.
QUESTIONS = {("api-gateway", "risk")}
AIRFLOW_QUESTIONS = {"api-gateway", "bar-aggregator"}
OUTSIDE = {"third-party", "cli"}
# What is open beyond our pods: to operators, Prometheus, the scaler and the public gateway, by namespace;
# to the Kubernetes API, whose address nobody knows beforehand, by port.
_OPERATORS = {
    Opening(pod, "namespaces tapeline/operators=yes", port)
    for pod, port in (
        ("kafka", 8443),
        ("kafka", 9090),
        ("kafka", 9091),
        ("database", 5432),
        ("database", 8000),
    )
}
_MONITORING = {
    *(
        Opening(name, "namespaces kubernetes.io/metadata.name=monitoring", 8080)
        for name in ("api-gateway", "bar-aggregator", "risk", "tick-ingestor", "valuation")
    ),
    Opening("database", "namespaces kubernetes.io/metadata.name=monitoring", 9187),
}
_OTHERS = {
    Opening("kafka", "namespaces kubernetes.io/metadata.name=keda", 9093),
    Opening("api-gateway", "namespaces kubernetes.io/metadata.name=gateways", 8080),
}


def _kubernetes(*names: str) -> set[Opening]:
    return {Opening(name, "0.0.0.0/0", port) for name in names for port in (443, 6443)}


BORDER: dict[str, dict[str, set[Opening]]] = {
    "ingress": {"local": _OPERATORS, "production": _OPERATORS | _MONITORING | _OTHERS},
    "egress": {
        "local": _kubernetes("kafka", "database"),
        "production": _kubernetes("kafka", "database", "bar-aggregator"),
    },
}
# The only pod that speaks to the Kubernetes API: Spark's driver starts executors.
SPEAKS_TO_KUBERNETES = {"StatefulSet/bar-aggregator"}


@every_overlay
def test_the_namespace_enforces_the_restricted_profile(overlay: str) -> None:
    labels = named(overlay, "Namespace", "tapeline")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@every_overlay
def test_every_pod_is_restricted(overlay: str) -> None:
    wrong = {name: broken for name, pod in pods(overlay) if (broken := list(broken_rules(pod["spec"])))}
    assert wrong == {}


def broken_rules(spec: Manifest) -> Iterator[str]:
    """Pod Security "restricted", and what S19 asks for beyond."""
    security = spec.get("securityContext", {})
    if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
        yield "may run as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "no seccomp profile"
    if any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares the host's namespaces"
    for volume in spec.get("volumes", []):
        if not (set(volume) - {"name"}) <= VOLUMES:
            yield f"volume {volume['name']} is of a kind that is not allowed"
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        yield from broken_container_rules(container)


def broken_container_rules(container: Manifest) -> Iterator[str]:
    security, resources = container.get("securityContext", {}), container.get("resources", {})
    if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
        yield "may gain privileges"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "writes to its image"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "opens a port of the host"
    memory = resources.get("requests", {}).get("memory")
    if memory is None or memory != resources.get("limits", {}).get("memory"):
        yield "memory is not reserved"
    if "cpu" not in resources.get("requests", {}):
        yield "no processor is asked for"


def test_the_rules_find_what_they_are_for() -> None:
    good = dict(pods("local"))["Deployment/valuation"]["spec"]
    assert list(broken_rules(good)) == []
    container = {**good["containers"][0], "securityContext": {}, "resources": {}, "ports": [{"hostPort": 1}]}
    bad = {
        "containers": [container],
        "hostNetwork": True,
        "volumes": [{"name": "x", "hostPath": {"path": "/"}}],
    }
    assert len(list(broken_rules(bad))) == 10


@every_overlay
def test_only_the_driver_of_spark_holds_a_token(overlay: str) -> None:
    holders = {
        name for name, pod in pods(overlay) if pod["spec"].get("automountServiceAccountToken") is not False
    }
    assert holders == (SPEAKS_TO_KUBERNETES if overlay == "production" else set())
    accounts = of_kind(overlay, "ServiceAccount")
    assert [name_of(one) for one in accounts if one.get("automountServiceAccountToken") is not False] == []
    used = {
        pod["spec"].get("serviceAccountName")
        for name, pod in pods(overlay)
        if not name.startswith("ConfigMap")
    }
    assert used <= {one["metadata"]["name"] for one in accounts}


@every_overlay
def test_rights_are_small(overlay: str) -> None:
    assert of_kind(overlay, "ClusterRole", "ClusterRoleBinding") == []
    rules = [rule for role in of_kind(overlay, "Role") for rule in role["rules"]]
    assert {resource for rule in rules for resource in rule["resources"]} <= {"pods", "configmaps"}
    assert not any("*" in rule["verbs"] + rule["resources"] + rule["apiGroups"] for rule in rules)
    bound = [subject["name"] for one in of_kind(overlay, "RoleBinding") for subject in one["subjects"]]
    assert bound == (["bar-aggregator"] if overlay == "production" else [])


@every_overlay
def test_everything_is_closed_but_for_edges(overlay: str) -> None:
    deny = named(overlay, "NetworkPolicy", "default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert (
        pod_edges(overlay) - {edge for edge in pod_edges(overlay) if edge[1] in ("kafka", "database")}
    ) == (expected_edges(overlay))


def expected_edges(overlay: str) -> set[tuple[str, str]]:
    if overlay == "local":
        return QUESTIONS
    parts = {name for name in labels_of(overlay) if name.startswith("airflow-")}
    among = {(one, other) for one in parts for other in parts}
    asking = {(one, other) for one in parts for other in AIRFLOW_QUESTIONS}
    driver, executor = "bar-aggregator", "spark-executor"
    return QUESTIONS | among | asking | {(driver, executor), (executor, driver), (executor, executor)}


@every_overlay
def test_who_may_reach_the_bus_equals_who_speaks_on_it(overlay: str) -> None:
    """The service graph of the contracts: producers and consumers, and whoever runs beside them."""
    named_by_contracts = {
        name for topic in topics.ALL for name in (*topic.producers, *topic.consumers)
    } - OUTSIDE
    reach = {source for source, target in pod_edges(overlay) if target == "kafka"}
    helpers = {name for name in labels_of(overlay) if name.startswith(("airflow-", "spark-"))}
    assert reach - helpers == named_by_contracts & services(overlay).keys()


@every_overlay
def test_who_may_reach_the_database_has_its_address(overlay: str) -> None:
    reach = {source for source, target in pod_edges(overlay) if target == "database"}
    told = {
        pod["metadata"]["labels"]["app.kubernetes.io/name"]
        for _, pod in pods(overlay)
        if any(one["name"] == "TAPELINE_POSTGRES" for one in pod["spec"]["containers"][0].get("env", []))
    }
    assert reach == told


ROGUES = {
    "ingress": {"podSelector": {}, "ingress": [{}]},
    "egress": {"podSelector": {}, "egress": [{}]},
    "addresses in": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
    "addresses out": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
    "namespaces in": {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]},
    "namespaces out": {"podSelector": {}, "egress": [{"to": [{"namespaceSelector": {}, "podSelector": {}}]}]},
}


@pytest.mark.parametrize("rogue", ROGUES)
@every_overlay
def test_an_open_door_would_be_seen(overlay: str, rogue: str) -> None:
    """A policy that names nobody, addresses or namespaces opens the border, and edges where two meet."""
    policy = {"spec": ROGUES[rogue]}
    direction = "ingress" if "ingress" in ROGUES[rogue] else "egress"
    assert across_the_border(overlay, direction, policy) != BORDER[direction][overlay]
    both = [{"spec": ROGUES["ingress"]}, {"spec": ROGUES["egress"]}]
    assert ("valuation", "risk") in pod_edges(overlay, *both)
    assert ("valuation", "risk") not in pod_edges(overlay)


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@every_overlay
def test_the_border_is_open_where_it_must_be(overlay: str, direction: str) -> None:
    assert across_the_border(overlay, direction) == BORDER[direction][overlay]


@every_overlay
def test_nothing_leads_to_the_port_where_keys_are_made(overlay: str) -> None:
    gateway = services(overlay)["api-gateway"]["spec"]["template"]["spec"]["containers"][0]
    (port,) = (one["containerPort"] for one in gateway["ports"] if one["name"] == "admin")
    assert {"name": "TAPELINE_ADMIN_PORT", "value": str(port)} in gateway["env"]
    hosts = [one["name"] for one in gateway["env"]] + [*named(overlay, "ConfigMap", "settings")["data"]]
    assert "TAPELINE_ADMIN_HOST" not in hosts, "without it the port is the pod's own loopback"
    doors = of_kind(overlay, "Service", "NetworkPolicy", "HTTPRoute", "ServiceMonitor", "PodMonitor")
    ports = {found for one in doors for found in re.findall(r"[pP]ort': '?(\w+)", str(one["spec"]))}
    assert not {str(port), "admin"} & ports


@every_overlay
def test_rights_on_topics_equal_the_contracts(overlay: str) -> None:
    """Write exactly what the contract says; read what it says, and back what oneself wrote."""
    for user in of_kind(overlay, "KafkaUser"):
        name = user["metadata"]["name"]
        if name == "cli":
            continue
        rights = {
            operation: {
                acl["resource"]["name"] for acl in acls_of(user, "topic") if operation in acl["operations"]
            }
            for operation in ("Read", "Write")
        }
        writes = {topic.name for topic in topics.ALL if name in topic.producers}
        assert rights["Write"] == writes, name
        assert rights["Read"] == writes | {topic.name for topic in topics.ALL if name in topic.consumers}, (
            name
        )


@every_overlay
def test_groups_belong_to_their_service(overlay: str) -> None:
    for user in of_kind(overlay, "KafkaUser"):
        name = user["metadata"]["name"]
        for acl in acls_of(user, "group"):
            assert acl["resource"]["name"] in (name, f"{name}.") or acl["operations"] == ["Describe"]


def acls_of(user: Manifest, kind: str) -> list[Manifest]:
    return [acl for acl in user["spec"]["authorization"]["acls"] if acl["resource"]["type"] == kind]


@every_overlay
def test_every_service_has_a_user_of_its_own(overlay: str) -> None:
    users = {one["metadata"]["name"] for one in of_kind(overlay, "KafkaUser")}
    for name, one in services(overlay).items():
        environment = one["spec"]["template"]["spec"]["containers"][0]["env"]
        assert {"name": "TAPELINE_KAFKA_USER", "value": name} in environment
        assert name in users


@every_overlay
def test_the_gateway_is_no_owner_of_the_database(overlay: str) -> None:
    container = services(overlay)["api-gateway"]["spec"]["template"]["spec"]["containers"][0]
    dsn = next(one["value"] for one in container["env"] if one["name"] == "TAPELINE_POSTGRES")
    roles = {one["name"]: one for one in named(overlay, "Cluster", "database")["spec"]["managed"]["roles"]}
    owner = named(overlay, "Cluster", "database")["spec"]["bootstrap"]["initdb"]["owner"]
    user = dsn.partition("//")[2].partition("@")[0]
    assert user != owner
    assert not {"superuser", "bypassrls", "createrole"} & roles[user].keys()
