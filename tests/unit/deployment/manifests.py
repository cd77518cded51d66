"""The manifests of deploy/k8s as kustomize renders them, and what tests look for in them."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
K8S = ROOT / "deploy" / "k8s"
OVERLAYS = ("local", "production")
Manifest = dict[str, Any]

_PROGRAM = next(
    (
        command
        for command in (["kustomize", "build"], ["kubectl", "kustomize"])
        if shutil.which(command[0]) is not None
    ),
    None,
)
needs_kustomize = pytest.mark.skipif(
    _PROGRAM is None,
    reason="kustomize is missing; Debian, Ubuntu: apt-get install kubernetes-client, whose kubectl holds it",
)


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """Every object of one overlay."""
    assert _PROGRAM is not None
    done = subprocess.run(
        [*_PROGRAM, str(K8S / "overlays" / overlay)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [one for one in rendered(overlay) if one["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Manifest:
    return next(one for one in of_kind(overlay, kind) if one["metadata"]["name"] == name)


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def pods(overlay: str) -> Iterator[tuple[str, Manifest]]:
    """Name and template of every pod that we start, executors of Spark included."""
    for one in of_kind(overlay, "Deployment", "StatefulSet", "Job"):
        yield name_of(one), one["spec"]["template"]
    for one in of_kind(overlay, "ConfigMap"):
        for file, text in one.get("data", {}).items():
            if file.endswith(".yaml") and (template := yaml.safe_load(text)).get("kind") == "Pod":
                yield f"{name_of(one)}:{file}", template


def services(overlay: str) -> dict[str, Manifest]:
    """Our own services: those that have probes on their own HTTP port."""
    return {
        one["metadata"]["name"]: one
        for one in of_kind(overlay, "Deployment", "StatefulSet")
        if one["metadata"]["labels"].get("tapeline/service") == "yes"
    }


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector picks these labels; an empty one picks all."""
    for name, value in selector.get("matchLabels", {}).items():
        if labels.get(name) != value:
            return False
    for rule in selector.get("matchExpressions", []):
        inside = labels.get(rule["key"]) in rule.get("values", [])
        if {"In": not inside, "NotIn": inside}[rule["operator"]]:
            return False
    return True
