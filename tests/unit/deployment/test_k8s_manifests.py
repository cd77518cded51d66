"""Every manifest is one that Kubernetes takes, and says what the code says."""

import importlib.util
import re
from types import ModuleType

import kubernetes_validate
import pytest
from tests.unit.deployment.manifests import (
    K8S,
    OVERLAYS,
    ROOT,
    name_of,
    named,
    needs_kustomize,
    of_kind,
    pods,
    rendered,
    services,
)

from chassis.kafka_access import KafkaAccess
from contracts import topics
from contracts.admin import topic_config
from store.password import VARIABLE as DATABASE_PASSWORD

pytestmark = needs_kustomize
KUBERNETES = "1.34"
CORE = re.compile(
    r"^(v1|apps/v1|batch/v1|policy/v1|autoscaling/v2|(networking|rbac\.authorization)\.k8s\.io/v1)$"
)
# Objects of operators, which kubernetes-validate has no schema of: at least their versions are known.
CUSTOM = {
    "kafka.strimzi.io/v1": {"Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"},
    "postgresql.cnpg.io/v1": {"Cluster", "Database", "ScheduledBackup"},
    "keda.sh/v1alpha1": {"ScaledObject", "TriggerAuthentication"},
    "monitoring.coreos.com/v1": {"ServiceMonitor", "PodMonitor", "PrometheusRule"},
    "gateway.networking.k8s.io/v1": {"HTTPRoute"},
}
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def derive() -> ModuleType:
    spec = importlib.util.spec_from_file_location("derive", K8S / "derive.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_derived_manifests_are_current() -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in derive().derived_files().items()
        if not path.is_file() or path.read_text() != text
    ]
    assert stale == [], "run `python deploy/k8s/derive.py`"


@every_overlay
def test_core_objects_fit_the_schema_of_kubernetes(overlay: str) -> None:
    for one in rendered(overlay):
        if CORE.match(one["apiVersion"]):
            kubernetes_validate.validate(one, KUBERNETES, strict=True)


@every_overlay
def test_other_objects_are_of_known_versions(overlay: str) -> None:
    unknown = [
        name_of(one)
        for one in rendered(overlay)
        if not CORE.match(one["apiVersion"]) and one["kind"] not in CUSTOM.get(one["apiVersion"], set())
    ]
    assert unknown == []


@every_overlay
def test_names_are_unique_and_in_one_namespace(overlay: str) -> None:
    found = [name_of(one) for one in rendered(overlay)]
    assert len(found) == len(set(found))
    assert {one["metadata"].get("namespace", "tapeline") for one in rendered(overlay)} == {"tapeline"}


@every_overlay
def test_topics_equal_the_contracts(overlay: str) -> None:
    found = {
        one["metadata"]["name"]: (one["spec"]["partitions"], one["spec"]["config"])
        for one in of_kind(overlay, "KafkaTopic")
    }
    assert found == {one.name: (one.partitions, topic_config(one)) for one in topics.ALL}


def test_every_service_runs_once_its_code_exists() -> None:
    code = {path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml")}
    assert services("local").keys() == code
    assert services("production").keys() == code - {"producer"}


@every_overlay
def test_every_setting_exists(overlay: str) -> None:
    """A misspelt TAPELINE_ variable would be ignored, and its default taken."""
    known = set(re.findall(r"^    (\w+): .*(?:Field\(|=)", _settings_code(), re.MULTILINE))
    known |= {f"kafka_{name}" for name in KafkaAccess.model_fields}
    known.add(DATABASE_PASSWORD.removeprefix("TAPELINE_").lower())
    given = {
        variable["name"]
        for _, template in pods(overlay)
        for container in template["spec"]["containers"]
        for variable in container.get("env", [])
    } | named(overlay, "ConfigMap", "settings")["data"].keys()
    ours = {name.removeprefix("TAPELINE_").lower() for name in given if name.startswith("TAPELINE_")}
    assert ours - known - {"api_url", "aggregator_url"} == set()


def _settings_code() -> str:
    files = [*ROOT.glob("services/*/src/*/settings.py"), ROOT / "libs/chassis/src/chassis/settings.py"]
    return "\n".join(path.read_text() for path in files)


@every_overlay
def test_secrets_and_configmaps_that_pods_name_are_made_by_somebody(overlay: str) -> None:
    made = {one["metadata"]["name"] for one in of_kind(overlay, "ConfigMap", "Secret")}
    made |= {one["metadata"]["name"] for one in of_kind(overlay, "KafkaUser")}
    by_operators = {"bus-cluster-ca-cert", "database-app"}
    by_hand = {"api-key", "airflow", "database-gateway", "database-writer"}  # docs/how-to/kubernetes.md
    text = [
        re.findall(r"'(?:secretName|name)': '([^']+)'", str(references(template)))
        for _, template in pods(overlay)
    ]
    named_by_pods = {name for names in text for name in names}
    assert named_by_pods - made - by_operators - by_hand == set()


def references(template: dict) -> list:
    """Every place of a pod that names a secret or a ConfigMap."""
    spec = template["spec"]
    volumes = [
        {key: {part: value for part, value in one[key].items() if part != "items"}}
        for one in spec.get("volumes", [])
        for key in ("secret", "configMap")
        if key in one
    ]
    variables = [
        variable["valueFrom"]["secretKeyRef"] | {"key": ""}
        for container in spec["containers"]
        for variable in container.get("env", [])
        if "secretKeyRef" in variable.get("valueFrom", {})
    ]
    whole = [one for container in spec["containers"] for one in container.get("envFrom", [])]
    return [volumes, [{"name": one["name"]} for one in variables], whole]


def test_no_secret_is_written_down() -> None:
    written = [
        (name_of(one), key)
        for overlay in OVERLAYS
        for one in of_kind(overlay, "Secret")
        for key in {**one.get("data", {}), **one.get("stringData", {})}
        if key not in {"username"}
    ]
    assert written == []
