"""An image holds what its service declares, at the locked versions, and nothing else."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ["producer", "tick-ingestor", "bar-aggregator", "valuation", "risk", "api-gateway"]


@pytest.fixture(scope="module")
def requirements() -> ModuleType:
    spec = importlib.util.spec_from_file_location("requirements", ROOT / "deploy/docker/requirements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_brings_its_libraries_and_no_other_service(requirements: ModuleType, service: str) -> None:
    ours, others = requirements.closure(service)
    found = {str(path.relative_to(ROOT)) for path in ours}
    assert f"services/{service}" in found
    assert "contracts" in found
    assert {path for path in found if path.startswith("services/")} == {f"services/{service}"}
    assert not others & {path.name for path in ours}


@pytest.mark.parametrize("service", SERVICES)
def test_everything_declared_is_locked_with_a_hash(requirements: ModuleType, service: str) -> None:
    _, others = requirements.closure(service)
    text = requirements.locked(others, requirements.LOCK.read_text())
    entries = [entry for entry in re.split(r"(?m)^(?=[a-z0-9])", text) if entry]
    assert len(entries) == len(others)
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


def test_only_the_aggregator_carries_spark(requirements: ModuleType) -> None:
    with_spark = [service for service in SERVICES if "pyspark" in requirements.closure(service)[1]]
    assert with_spark == ["bar-aggregator"]


def test_extras_are_those_of_the_lock(requirements: ModuleType) -> None:
    assert requirements.declared({"psycopg", "msgspec"}) == ["msgspec==0.22.0", "psycopg[binary]==3.3.9"]


def test_a_library_that_another_pulls_in_has_its_extras(
    requirements: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faust brings aiokafka, which stops at the first compressed batch without its codecs."""

    def compiled(given: list[str]) -> set[str]:
        names = {requirements.name_of(one) for one in given}
        if "faust-streaming" in names:
            names.add("aiokafka")
        return names | ({"cramjam"} if any(one.startswith("aiokafka[lz4") for one in given) else set())

    monkeypatch.setattr(requirements, "compiled", compiled)
    assert requirements.resolved({"faust-streaming"}) == {"faust-streaming", "aiokafka", "cramjam"}


def test_a_library_locked_for_several_pythons_keeps_all_its_entries(requirements: ModuleType) -> None:
    forked = "forked==1 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n"
    newer = forked.replace("==1", "==2").replace("<", ">=")
    assert requirements.locked({"forked"}, f"{forked}other==1\n{newer}") == forked + newer


def test_what_the_lock_does_not_have_is_told(requirements: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"no left-pad; add it to locks/app\.in"):
        requirements.locked({"left-pad"}, "numpy==2.4.6 \\\n    --hash=sha256:00\n")
    with pytest.raises(ValueError, match="nobody is no package here; there are api-gateway"):
        requirements.closure("nobody")
