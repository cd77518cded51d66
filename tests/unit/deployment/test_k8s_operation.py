"""Services are probed, disturbed one at a time, scaled within their limits, and measured."""

import re

import pytest
from tests.unit.deployment.manifests import (
    OVERLAYS,
    ROOT,
    name_of,
    named,
    needs_kustomize,
    of_kind,
    pods,
    selects,
    services,
)

from contracts import topics

pytestmark = needs_kustomize
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
# One owner of what they hold: a second instance would fence the first, or hold the same again.
SINGLE = {"bar-aggregator", "valuation", "risk", "producer"}


@every_overlay
def test_every_service_is_probed(overlay: str) -> None:
    for name, one in services(overlay).items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz", name
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz", name
        assert container["startupProbe"]["httpGet"]["path"] == "/healthz", name


@every_overlay
def test_everything_that_runs_for_long_has_probes_and_a_budget(overlay: str) -> None:
    budgets = [one["spec"]["selector"] for one in of_kind(overlay, "PodDisruptionBudget")]
    for one in of_kind(overlay, "Deployment", "StatefulSet"):
        template = one["spec"]["template"]
        assert sum(selects(budget, template["metadata"]["labels"]) for budget in budgets) == 1, name_of(one)
        for container in template["spec"]["containers"]:
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys(), name_of(one)


@every_overlay
def test_a_pod_that_goes_answers_until_nobody_asks_it_any_more(overlay: str) -> None:
    """Nodes hear of the stop beside it, not before; the gateway itself stops within a second."""
    for name, one in services(overlay).items():
        spec = one["spec"]["template"]["spec"]
        pause_s = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pause_s >= 5, name
        assert spec["terminationGracePeriodSeconds"] >= pause_s + 30, name


def test_logs_of_tasks_reach_the_interface_of_airflow() -> None:
    """The scheduler serves those of tasks, the triggerer those of triggers, at an address that is known."""
    policy = named("production", "NetworkPolicy", "airflow")["spec"]
    for side in (policy["ingress"][0], policy["egress"][0]):
        assert {port["port"] for port in side["ports"]} == {8080, 8793, 8794}
    for name, pod in pods("production"):
        if pod["metadata"]["labels"].get("tapeline/airflow") == "part":
            environment = {one["name"]: one.get("value") for one in pod["spec"]["containers"][0]["env"]}
            assert environment["AIRFLOW__CORE__HOSTNAME_CALLABLE"].endswith("get_host_ip_address"), name


def test_prometheus_holds_a_key_that_only_shows_metrics() -> None:
    (gateway,) = [
        one for one in of_kind("production", "ServiceMonitor") if one["metadata"]["name"] == "api-gateway"
    ]
    (endpoint,) = gateway["spec"]["endpoints"]
    assert endpoint["authorization"]["credentials"]["name"] == "metrics-key"
    guide = (ROOT / "docs" / "how-to" / "kubernetes.md").read_text()
    assert re.search(r'"scopes": \["metrics"\][^|]*\|(?s:.{0,200})secret generic metrics-key', guide)


@every_overlay
def test_no_budget_forbids_every_disruption(overlay: str) -> None:
    """A budget that a drain cannot meet holds up every upgrade of a node."""
    for budget in of_kind(overlay, "PodDisruptionBudget"):
        wanted = budget["spec"].get("minAvailable", 0)
        if wanted:
            name = budget["metadata"]["name"]
            autoscaled = [
                one for one in of_kind(overlay, "HorizontalPodAutoscaler") if one["metadata"]["name"] == name
            ]
            least = (
                autoscaled[0]["spec"]["minReplicas"]
                if autoscaled
                else services(overlay)[name]["spec"]["replicas"]
            )
            assert wanted < least, name


@every_overlay
def test_what_has_one_owner_runs_once_and_is_replaced_not_doubled(overlay: str) -> None:
    for name in SINGLE & services(overlay).keys():
        one = services(overlay)[name]
        assert one["spec"]["replicas"] == 1, name
        if one["kind"] == "Deployment":
            assert one["spec"]["strategy"] == {"type": "Recreate"}, name


def test_nobody_is_scaled_beyond_what_the_code_can_share() -> None:
    scaled = of_kind("production", "ScaledObject", "HorizontalPodAutoscaler")
    targets = {one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in scaled}
    assert targets.keys() == {"tick-ingestor", "api-gateway"}
    assert targets["tick-ingestor"]["maxReplicaCount"] == topics.TICKS_RAW.partitions
    for name in targets:
        assert "replicas" not in services("production")[name]["spec"], "an autoscaler and a number contend"


def test_intake_scales_on_the_lag_of_its_own_group() -> None:
    (scaled,) = of_kind("production", "ScaledObject")
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["metadata"]["topic"] == topics.TICKS_RAW.name
    assert trigger["metadata"]["consumerGroup"] == "tick-ingestor"
    authentication = named("production", "TriggerAuthentication", trigger["authenticationRef"]["name"])
    assert {one["parameter"] for one in authentication["spec"]["secretTargetRef"]} == {
        "username",
        "password",
        "ca",
    }


def test_production_survives_the_loss_of_a_machine() -> None:
    config = named("production", "Kafka", "bus")["spec"]["kafka"]["config"]
    assert (config["default.replication.factor"], config["min.insync.replicas"]) == (3, 2)
    assert named("production", "KafkaNodePool", "nodes")["spec"]["replicas"] == 3
    database = named("production", "Cluster", "database")["spec"]
    assert database["instances"] == 3
    assert database["postgresql"]["synchronous"]["number"] == 1
    assert database["postgresql"]["parameters"]["max_connections"] == "100", "the base's parameters are kept"
    assert of_kind("production", "ScheduledBackup")


def test_every_service_is_measured_under_its_own_name() -> None:
    monitors = [one["spec"] for one in of_kind("production", "ServiceMonitor")]
    for one in of_kind("production", "Service"):
        labels = one["metadata"].get("labels", {})
        if labels.get("tapeline/metrics") == "yes":
            picked = [monitor for monitor in monitors if selects(monitor["selector"], labels)]
            assert len(picked) == 1, name_of(one)
            assert picked[0]["jobLabel"] == "app.kubernetes.io/name"
    assert services("production").keys() == {
        one["metadata"]["name"]
        for one in of_kind("production", "Service")
        if one["metadata"].get("labels", {}).get("tapeline/metrics") == "yes"
    }


def test_one_clock_only() -> None:
    assert named("local", "ConfigMap", "settings")["data"]["TAPELINE_SCHEDULER"] == "embedded"
    assert named("production", "ConfigMap", "settings")["data"]["TAPELINE_SCHEDULER"] == "airflow"


def test_the_route_shows_the_api_and_neither_health_nor_metrics() -> None:
    (route,) = of_kind("production", "HTTPRoute")
    matches = [match["path"] for rule in route["spec"]["rules"] for match in rule["matches"]]
    shown = {(one["type"], one["value"]) for one in matches}
    assert {
        ("PathPrefix", "/v1"),
        ("PathPrefix", "/signin"),
        ("PathPrefix", "/assets"),
        ("Exact", "/"),
    } <= shown
    assert not {"/metrics", "/healthz", "/readyz"} & {path for _, path in shown}
    assert ("PathPrefix", "/") not in shown
    assert {backend["name"] for rule in route["spec"]["rules"] for backend in rule["backendRefs"]} == {
        "api-gateway"
    }


def test_who_is_reached_by_https_keeps_its_cookie_to_it() -> None:
    (container,) = named("production", "Deployment", "api-gateway")["spec"]["template"]["spec"]["containers"]
    assert {"name": "TAPELINE_HTTPS", "value": "true"} in container["env"]


@every_overlay
def test_images_are_named_with_a_version(overlay: str) -> None:
    images = {container["image"] for name, pod in pods(overlay) if not name.startswith("ConfigMap")
              for container in pod["spec"]["containers"]}  # fmt: skip
    assert all(re.fullmatch(r"tapeline/[a-z-]+:(?!latest)[\w.-]+", image) for image in images), images
