"""The tree keeps its promises: one anatomy per service, no machine's traces, no file beyond a sitting."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ["producer", "tick-ingestor", "bar-aggregator", "valuation", "risk", "api-gateway"]
TEXT = {".py", ".md", ".json", ".toml", ".txt", ".in", ".yaml", ".yml", ".sql", ".csv", ".cfg", ".ini", ""}
# Spelled in pieces so that this file does not find itself.
TRACES = re.compile(r"/(?:wor[k]|roo[t]|far[m])/|file(?:s)?\.pythonhoste[d]|repo1\.mave[n]|registry\.npmj[s]")


def tracked_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_same_five_names(service: str) -> None:
    package = ROOT / "services" / service / "src" / service.replace("-", "_")
    for name in ("__main__.py", "settings.py", "core", "handlers.py"):
        assert (package / name).exists(), f"{service} has no {name}"
    for name in ("README.md", "pyproject.toml"):
        assert (ROOT / "services" / service / name).exists(), f"{service} has no {name}"


def test_nothing_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_files()
        if path.suffix in TEXT
        and (match := TRACES.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert found == []


def test_source_files_can_be_read_at_a_sitting() -> None:
    generated = {"types.py", "topics.py", "operations.py"}
    lists = {ROOT / "libs/quant/src/quant/__init__.py"}  # names only, one a line
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked_files()
        if path.suffix == ".py"
        and path.name not in generated
        and path not in lists
        and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_every_decision_is_numbered_and_says_context_and_decision() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert "**Context.**" in text, page.name
        assert "**Decision.**" in text, page.name
