"""Passwords that change reach services that run: by mounted files, which Kubernetes brings up to date."""

from typing import Any

import pytest
from tests.unit.deployment.manifests import OVERLAYS, Manifest, named, needs_kustomize, services

pytestmark = needs_kustomize
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
FILES = ("TAPELINE_KAFKA_PASSWORD_FILE", "TAPELINE_POSTGRES_PASSWORD_FILE")


def container_of(service: Manifest) -> dict[str, Any]:
    (container,) = service["spec"]["template"]["spec"]["containers"]
    return container


def secret_files(service: Manifest) -> dict[str, str]:
    """Path -> name of the secret, of all that lies in the container."""
    volumes = {one["name"]: one for one in service["spec"]["template"]["spec"]["volumes"]}
    return {
        f"{mount['mountPath']}/{item['path']}": volumes[mount["name"]]["secret"]["secretName"]
        for mount in container_of(service)["volumeMounts"]
        for item in volumes.get(mount["name"], {}).get("secret", {}).get("items", [])
    }


@every_overlay
def test_no_service_has_a_secret_in_its_environment(overlay: str) -> None:
    """What is in an environment stays as it was when the pod was made."""
    for name, service in services(overlay).items():
        from_secrets = [
            one["name"]
            for one in container_of(service).get("env", [])
            if "secretKeyRef" in one.get("valueFrom", {})
        ]
        assert from_secrets == [], name
        # A single file mounted by subPath is never brought up to date.
        assert not any("subPath" in mount for mount in container_of(service)["volumeMounts"]), name


@every_overlay
def test_the_files_that_services_read_are_there(overlay: str) -> None:
    kafka, postgres = (named(overlay, "ConfigMap", "settings")["data"][file] for file in FILES)
    for name, service in services(overlay).items():
        labels = service["spec"]["template"]["metadata"]["labels"]
        found = secret_files(service)
        assert found[kafka] == name
        assert (postgres in found) == (labels.get("tapeline/postgres") == "client"), name


def roles_of(overlay: str) -> dict[str, Any]:
    return {one["name"]: one for one in named(overlay, "Cluster", "database")["spec"]["managed"]["roles"]}


@every_overlay
def test_no_role_can_take_all_connections(overlay: str) -> None:
    parameters = named(overlay, "Cluster", "database")["spec"]["postgresql"]["parameters"]
    limits = [role["connectionLimit"] for name, role in roles_of(overlay).items()
              if role.get("login") and name != "tapeline"]  # fmt: skip
    assert len(limits) == 2
    assert sum(limits) < int(parameters["max_connections"])


@every_overlay
def test_services_log_in_as_roles_that_are_not_the_owner(overlay: str) -> None:
    roles = roles_of(overlay)
    postgres = named(overlay, "ConfigMap", "settings")["data"][FILES[1]]
    for name, service in services(overlay).items():
        address = {one["name"]: one.get("value", "") for one in container_of(service)["env"]}.get(
            "TAPELINE_POSTGRES"
        )
        if address is None:
            continue
        user = address.removeprefix("postgresql://").split("@")[0]
        assert user == ("tapeline_gateway" if name == "api-gateway" else "tapeline_writer")
        assert roles[user]["login"] is True
        assert roles[user]["passwordSecret"]["name"] == secret_files(service)[postgres]
