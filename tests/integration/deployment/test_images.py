"""The images of deploy/docker really built, the core of compose.yaml really run: where Docker answers."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from local_stack.ports import free_port
from testkit.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
BUILD_S, UP_S = 1800, 600
BASE = os.environ.get("TAPELINE_TEST_BASE", "")
"""Another base image, for a machine that reaches no registry."""
STAND_INS = {name: os.environ.get(f"TAPELINE_TEST_{name.upper()}", "") for name in ("kafka", "postgres")}
"""Images in place of the official ones, for the same machine."""


def docker(*arguments: str, timeout_s: float = 60, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["docker", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout_s
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
    return done.stdout


def why_not(*arguments: str) -> str | None:
    """Why `docker ARGUMENTS` cannot be used here; None where it can."""
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Docker does not answer: {error}"
    return None if done.returncode == 0 else f"Docker does not answer: {done.stderr.strip().splitlines()[0]}"


@pytest.fixture(scope="module")
def daemon() -> None:
    if reason := why_not("version"):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def compose(daemon: None) -> None:
    if reason := why_not("compose", "version"):
        pytest.skip(reason)
    if BASE and not all(STAND_INS.values()):
        pytest.skip("with TAPELINE_TEST_BASE the core needs TAPELINE_TEST_KAFKA and TAPELINE_TEST_POSTGRES")


def build(name: str, file: str, *arguments: str) -> str:
    """Build one image and return its name."""
    image = f"tapeline-test/{name}"
    # The host's network, since a machine without a registry often has no bridge either.
    given = ["--build-arg", f"BASE={BASE}", "--network", "host"] if BASE else []
    docker("build", "-t", image, "-f", f"deploy/docker/{file}", *given, *arguments, ".", timeout_s=BUILD_S)
    return image


@pytest.mark.integration
@pytest.mark.timeout(BUILD_S + 120)
def test_a_service_image_holds_only_its_service_and_runs_unprivileged(daemon: None) -> None:
    image = build("tick-ingestor", "service.Dockerfile", "--build-arg", "SERVICE=tick-ingestor")
    (found,) = json.loads(docker("inspect", image))
    assert found["Config"]["User"] == "10001:10001"
    alone = ["run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--entrypoint", "python"]
    asked = (
        "import importlib.util as u, os; "
        "print(os.getuid(), *[n for n in ('tick_ingestor', 'risk', 'pyspark') if u.find_spec(n)])"
    )
    assert docker(*alone, image, "-c", asked).split() == ["10001", "tick_ingestor"]


def changed(directory: Path) -> Path:
    """What the test says over compose.yaml: secrets of its own and, where they are given, other images."""
    parts = yaml.safe_load((ROOT / "compose.yaml").read_text())
    files = {name: directory / name for name in parts["secrets"]}
    for file in files.values():
        file.write_text(secrets.token_hex(16))
        file.chmod(0o644)
    services: dict[str, object] = {name: {"image": image} for name, image in STAND_INS.items() if image}
    if BASE:
        base = {"network": "host", "args": {"BASE": BASE}}
        services |= {name: {"build": base} for name, part in parts["services"].items() if "build" in part}
    target = directory / "compose.json"
    target.write_text(
        json.dumps({"services": services, "secrets": {k: {"file": str(v)} for k, v in files.items()}})
    )
    return target


def load_instruments(directory: Path, ports: dict[str, str]) -> None:
    """As the guide says: until then every tick is of an unknown symbol."""
    platform = {
        "TAPELINE_API_URL": f"http://127.0.0.1:{ports['API_GATEWAY']}",
        "TAPELINE_API_KEY_FILE": str(directory / "api-key"),
        "TAPELINE_KAFKA": f"127.0.0.1:{ports['KAFKA']}",
        "TAPELINE_POSTGRES": f"postgresql://tapeline@127.0.0.1:{ports['POSTGRES']}/tapeline",
        "TAPELINE_POSTGRES_PASSWORD_FILE": str(directory / "database-password"),
    }
    command = [sys.executable, "-m", "tapeline_cli", "load", "instruments", "data/demo/instruments.csv"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **platform}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def core(compose: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The API of the core, running under a name of its own."""
    directory = tmp_path_factory.mktemp("compose")
    core = ("compose", "-f", "compose.yaml", "-f", str(changed(directory)), "--profile", "core")
    ports = {name: str(free_port()) for name in ("API_GATEWAY", "API_GATEWAY_ADMIN", "KAFKA", "POSTGRES")}
    example = (ROOT / ".env.example").read_text().splitlines()
    names = [line.split("=")[0] for line in example if line.endswith("=")]
    environment = {
        **os.environ,
        "COMPOSE_PROJECT_NAME": "tapeline-test",
        **{f"TAPELINE_PORT_{name}": port for name, port in ports.items()},
        **{name: secrets.token_hex(16) for name in names},
    }
    try:
        docker(*core, "build", timeout_s=BUILD_S * 2, env=environment)
        docker(*core, "up", "-d", "--wait", timeout_s=UP_S, env=environment)
        address, key = f"http://127.0.0.1:{ports['API_GATEWAY']}/v1", (directory / "api-key").read_text()
        load_instruments(directory, ports)
        with httpx.Client(base_url=address, headers={"X-API-Key": key}, timeout=10) as client:
            yield client
    finally:
        docker(*core, "down", "-v", timeout_s=120, env=environment)


@pytest.mark.integration
@pytest.mark.timeout(BUILD_S * 2 + UP_S + 180)
def test_the_core_takes_in_the_simulated_market(core: httpx.Client) -> None:
    def accepted() -> int:
        return core.get("/pipeline").raise_for_status().json()["ingest"]["total"]["accepted"]

    eventually(accepted, lambda count: count > 1000, within_s=240)
