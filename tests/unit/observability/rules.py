"""What deploy/prometheus and deploy/grafana say, read once for all tests here."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yaml"))
METRIC = re.compile(r"\btapeline[_:][a-zA-Z0-9_:]+")


@dataclass(frozen=True)
class Rule:
    """One rule of one file."""

    file: str
    content: dict[str, Any]

    @property
    def expression(self) -> str:
        return self.content["expr"]


def rules() -> Iterator[Rule]:
    for path in RULE_FILES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (Rule(path.name, one) for one in group["rules"])


def alerts() -> list[Rule]:
    return [one for one in rules() if "alert" in one.content]


def recorded() -> set[str]:
    return {one.content["record"] for one in rules() if "record" in one.content}


def panel_queries() -> Iterator[tuple[str, str, str]]:
    """Dashboard, panel title and query of every target of every panel."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield path.stem, panel["title"], target["expr"]


def metrics_in(expression: str) -> set[str]:
    return set(METRIC.findall(expression))
