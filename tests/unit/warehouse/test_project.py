"""The warehouse reads what the services store, and says so for every column."""

import json
import re
from pathlib import Path

import pytest

from store.tables import FACTS, Fact

ROOT = Path(__file__).resolve().parents[3]
PROJECT = ROOT / "warehouse"
# What only one vendor understands; macros/ is the place for it.
VENDOR = re.compile(
    r"::|->|\bilike\b|\bdistinct on\b|\bto_char\b|\bgenerate_series\b|\bqualify\b|at time zone", re.I
)


def blocks(page: str, indent: int) -> dict[str, str]:
    """The entries `- name: X` of one depth in a YAML page, each with its text."""
    parts = re.split(rf"^{' ' * indent}- name: (\w+)$", page, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


TABLES = blocks((PROJECT / "models/staging/_sources.yml").read_text(), 6)
EXPOSURES = blocks((PROJECT / "models/exposures.yml").read_text(), 2)
MARTS = blocks((PROJECT / "models/marts/_marts.yml").read_text(), 2)


def test_the_sources_are_the_fact_tables() -> None:
    assert set(TABLES) == {fact.table().name for fact in FACTS}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.table().name)
def test_a_source_and_its_view_name_every_column(fact: type[Fact]) -> None:
    name = fact.table().name
    stored = {column.name for column in fact.table().columns}
    assert set(blocks(TABLES[name], 10)) == stored
    view = (PROJECT / f"models/staging/stg_ops__{name}.sql").read_text()
    body = view.removeprefix("select\n").split("\nfrom ")[0]
    assert {line.strip(" ,") for line in body.splitlines()} == stored


def test_vendor_sql_stays_in_macros() -> None:
    files = [*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("tests/**/*.sql")]
    assert len(files) > 40
    assert [file.name for file in files if VENDOR.search(file.read_text())] == []


@pytest.mark.parametrize("model", MARTS)
def test_every_key_is_tested(model: str) -> None:
    keys = {name: text for name, text in blocks(MARTS[model], 6).items() if name.endswith("_key")}
    assert keys
    for place, (name, text) in enumerate(keys.items()):
        own = place == 0 and not model.startswith("mart_")
        assert "- not_null" in text, name
        assert ("- unique" if own else "- relationships") in text, name


def test_nothing_adds_up_risk() -> None:
    assert "additive: none" in MARTS["fact_risk_metrics"]
    assert "additive: over the symbols of one metric_key only" in MARTS["fact_var_components"]
    risk = re.compile(r"ref\('fact_(risk_metrics|var_components)'\)")
    adds = [
        file.name
        for file in PROJECT.glob("models/**/*.sql")
        if risk.search(text := file.read_text()) and re.search(r"\b(sum|avg)\s*\(", text)
    ]
    assert adds == []


def test_exposures_name_routes_of_the_api() -> None:
    routes = json.loads((ROOT / "docs/reference/openapi.json").read_text())["paths"]
    named = [path for text in EXPOSURES.values() for path in re.findall(r'"(/[\w/{}-]+)"', text)]
    assert len(named) > 10
    assert [path for path in named if path not in routes] == []


def test_every_table_that_the_api_reads_has_an_exposure() -> None:
    exposed = {name for text in EXPOSURES.values() for name in re.findall(r"source\('ops', '(\w+)'\)", text)}
    adapters = (ROOT / "services/api-gateway/src/api_gateway/adapters").glob("*.py")
    read = {
        name.removesuffix("_latest")
        for file in adapters
        for name in re.findall(r"(?:FROM|JOIN) ops\.(\w+)", file.read_text())
    }
    assert read
    assert read & set(TABLES) <= exposed


def test_every_mart_of_a_report_has_an_exposure() -> None:
    exposed = {name for text in EXPOSURES.values() for name in re.findall(r"ref\('(\w+)'\)", text)}
    read = {
        name
        for file in (ROOT / "reports/src/reports/adapters").glob("*.py")
        for name in re.findall(r"(?:gold\.|\")(fact_\w+|mart_report_\w+)", file.read_text())
    }
    assert len(read) > 10
    assert read <= exposed
