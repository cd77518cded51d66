"""compose.yaml: the whole platform, pinned, healthy, on loopback, without a secret."""

import importlib
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.services import SERVICES
from store.password import VARIABLE as DATABASE_PASSWORD

ROOT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / ".env.example").read_text().splitlines()
    if line and not line.startswith("#")
)
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {name for name, part in PARTS.items() if part["restart"] == "no"}
VARIABLE = re.compile(r"\$\{(\w+)(:?[-?][^}]*)?\}")
SECRET = re.compile(r"PASSWORD|SECRET|KEY$|PEPPER$")
each_part = pytest.mark.parametrize("name", PARTS)


def settings_of(service: str) -> set[str]:
    """The variables that one of our services reads."""
    module = importlib.import_module(f"{service.replace('-', '_')}.settings")
    classes = [one for one in vars(module).values() if isinstance(one, type) and hasattr(one, "model_fields")]
    return {f"TAPELINE_{field.upper()}" for one in classes for field in one.model_fields}


def test_the_whole_platform_is_there_by_profile() -> None:
    of = {
        profile: {name for name, part in PARTS.items() if profile in part["profiles"]}
        for profile in ("core", "analytics", "observability")
    }
    assert of["core"] == {"kafka", "postgres", "prepare", *(service.name for service in SERVICES)}
    assert {"dbt", "airflow-api", "airflow-scheduler", "airflow-triggerer", "postgres"} <= of["analytics"]
    assert of["observability"] == {"prometheus", "grafana"}


@each_part
def test_images_are_built_here_or_pinned_by_digest(name: str) -> None:
    part = PARTS[name]
    if "build" in part:
        assert (ROOT / part["build"]["dockerfile"]).is_file()
        assert part["image"].startswith("tapeline/")
    else:
        assert re.fullmatch(r"docker\.io/[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", part["image"])


@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_each_service_is_built_as_itself(service: str) -> None:
    build = PARTS[service]["build"]
    if service == "bar-aggregator":
        assert build["dockerfile"].endswith("spark.Dockerfile")
    else:
        assert build["args"] == {"SERVICE": service}


@each_part
def test_what_keeps_running_has_a_health_check(name: str) -> None:
    part = PARTS[name]
    if name in ONCE:
        return
    by_image = "build" in part and "HEALTHCHECK" in (ROOT / part["build"]["dockerfile"]).read_text()
    assert by_image or part["healthcheck"]["test"]


@each_part
def test_nothing_listens_beyond_loopback(name: str) -> None:
    for port in PARTS[name].get("ports", []):
        assert port.startswith("127.0.0.1:"), port


@each_part
def test_what_it_waits_for_is_started_with_it(name: str) -> None:
    for other, rule in PARTS[name].get("depends_on", {}).items():
        if rule.get("required", True):
            assert set(PARTS[name]["profiles"]) <= set(PARTS[other]["profiles"])
        finished = rule["condition"] == "service_completed_successfully"
        assert finished == (other in ONCE)


@each_part
def test_variables_are_in_the_example_and_secrets_have_no_default(name: str) -> None:
    for variable, default in VARIABLE.findall(str(PARTS[name])):
        assert variable in EXAMPLE, variable
        if SECRET.search(variable):
            assert default.startswith(":?"), f"{variable} must be given"


def test_secrets_are_files_that_the_guide_makes_where_git_does_not_look() -> None:
    """Compose refuses a secret of another kind to a container with a read-only root."""
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    guide = (ROOT / "docs/how-to/deploy.md").read_text()
    (made,) = re.findall(r"for name in (.+?); do openssl", guide)
    later = re.findall(r"> \.secrets/([\w-]+)$", guide, re.MULTILINE)
    assert {*made.split(), *later} == COMPOSE["secrets"].keys()
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f".secrets/{name}"}
        assert "/.secrets/" in ignored


def test_prometheus_holds_a_key_that_only_shows_metrics() -> None:
    assert PARTS["prometheus"]["secrets"] == ["metrics-key"]
    jobs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())["scrape_configs"]
    keys = {job["authorization"]["credentials_file"] for job in jobs if "authorization" in job}
    assert keys == {"/run/secrets/metrics-key"}
    (command,) = re.findall(
        r"tapeline keys create .+> \.secrets/metrics-key", (ROOT / "docs/how-to/deploy.md").read_text()
    )
    assert re.findall(r"--scope (\w+)", command) == ["metrics"]


def test_the_example_holds_no_secret_and_nothing_unused() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name, value in EXAMPLE.items():
        assert name in text, f"{name} is used by nobody"
        assert bool(value) != bool(SECRET.search(name)), name


@each_part
def test_secrets_come_from_outside(name: str) -> None:
    for variable, value in (PARTS[name].get("environment") or {}).items():
        if variable.endswith("_FILE"):
            mounted = {f"/run/secrets/{secret}" for secret in PARTS[name].get("secrets", [])}
            assert value in mounted, f"{variable} names a file that is not there"
        elif SECRET.search(variable):
            assert VARIABLE.fullmatch(str(value)), f"{variable} is written down"


def test_a_changed_database_password_reaches_who_runs() -> None:
    """An environment is fixed when a container is made."""
    users = [part for name, part in PARTS.items() if "tapeline@postgres" in str(part) and name != "dbt"]
    assert len(users) > len(SERVICES)
    for part in users:
        assert part["environment"][DATABASE_PASSWORD] == "/run/secrets/database-password"


@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_services_get_settings_that_exist_and_all_that_they_need(service: str) -> None:
    module = importlib.import_module(f"{service.replace('-', '_')}.settings")
    given = {variable for variable in PARTS[service]["environment"] if variable.startswith("TAPELINE_")}
    known = {"TAPELINE_AGGREGATOR_URL", DATABASE_PASSWORD}.union(*(settings_of(one.name) for one in SERVICES))
    assert given <= known, f"{service}: nobody reads {sorted(given - known)}"
    file = (ROOT / PARTS[service]["build"]["dockerfile"]).read_text()
    needed = {
        f"TAPELINE_{field.upper()}"
        for one in vars(module).values()
        if isinstance(one, type) and hasattr(one, "model_fields")
        for field, declared in one.model_fields.items()
        if declared.is_required()
    }
    assert [name for name in needed - given if name not in file] == []


@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_services_have_no_rights_they_do_not_need(service: str) -> None:
    part = PARTS[service]
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]


def test_airflow_is_given_its_database_and_nothing_around_it(tmp_path: Path) -> None:
    """Airflow takes what the command prints as it is: the end of a line would be part of the name."""
    password = tmp_path / "database-password"
    password.write_text("letters\n")
    told = PARTS["airflow-api"]["environment"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"]
    command = told.replace("$$", "$").replace("/run/secrets/database-password", str(password))
    printed = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout
    assert printed == "postgresql+psycopg2://tapeline:letters@postgres:5432/airflow"


def test_the_warehouse_is_built_after_the_tables_it_reads() -> None:
    waits_for = PARTS["dbt"]["depends_on"]["prepare"]
    assert waits_for == {"condition": "service_completed_successfully", "required": False}


def test_parts_of_airflow_are_asked_about_by_the_name_of_their_host() -> None:
    asked = {name for name, part in PARTS.items() if "monitor/health" in str(part.get("healthcheck"))}
    assert asked == {"airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"}
    for name in asked:
        assert PARTS[name]["hostname"] == name
