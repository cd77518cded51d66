"""The warehouse reads what the services store, and says so for every column."""

import ast
import datetime as dt
import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.tables import FACTS, Fact

ROOT = Path(__file__).resolve().parents[3]
PROJECT = ROOT / "warehouse"
# What only one vendor understands; macros/ is the place for it.
VENDOR = re.compile(
    r"::|->|\bilike\b|\bdistinct on\b|\bto_char\b|\bgenerate_series\b|\bqualify\b|at time zone", re.I
)


YEAR = dt.date(2013, 1, 1), dt.date(2013, 12, 31)


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
    assert keys or model == "last_build"
    for place, (name, text) in enumerate(keys.items()):
        own = place == 0 and not model.startswith("mart_")
        assert "- not_null" in text, name
        assert ("- unique" if own else "- relationships") in text, name


def test_every_contract_is_enforced() -> None:
    files = [PROJECT / "dbt_project.yml", *PROJECT.glob("models/**/*.yml"), *PROJECT.glob("models/**/*.sql")]
    said = [line.strip() for file in files for line in file.read_text().splitlines() if "contract:" in line]
    assert said == ["+contract: { enforced: true }"]


def test_nothing_adds_up_risk() -> None:
    """Components are parts of one number: they alone are added up, in the test that holds them against it."""
    assert "additive: none" in MARTS["fact_risk_metrics"]
    assert "additive: over the symbols of one metric_key only" in MARTS["fact_var_components"]
    assert adds_risk(statements()) == {"value_at_risk_components_add_up.sql"}


PLANTED = {
    "of a fact": "select portfolio_id, sum(value) from {{ ref('fact_risk_metrics') }} group by 1",
    "of a history": "SELECT avg(abs(metric.value)) FROM gold.fact_risk_metrics_history AS metric",
    "of what was known": "select sum( distinct component ) from {{ ref('fact_var_components_as_known') }}",
    "in the gateway": "SELECT SUM(r.value) FROM ops.risk_metric_latest r",
    "of a view between": "select sum(loss) over (order by 1) from {{ ref('loss') }}",
    "beside another sum": "select sum(total), sum(component) from ops.var_component cross join ops.pnl_daily",
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_sum_of_risk_would_be_found(planted: str) -> None:
    between = {"loss.sql": "select value as loss from {{ ref('stg_ops__risk_metric') }}"}
    harmless = {
        "profit": "SELECT sum(total) FROM gold.fact_pnl_daily_history",
        "beside": "SELECT sum(total), max(metric.value) FROM ops.pnl_daily JOIN ops.risk_metric AS metric",
        "count": "select count(value) from ops.risk_metric",
    }
    assert adds_risk({planted: PLANTED[planted], **between, **harmless}) == {planted}


RISK = re.compile(
    r"\b(?:fact_risk_metrics|fact_var_components|int_risk_metric|int_var_component|stg_ops__risk_metric"
    r"|stg_ops__var_component|ops\.risk_metric|ops\.var_component)"
)
MODEL = re.compile(r"ref\('(\w+)'\)")


def adds_risk(texts: dict[str, str]) -> set[str]:
    """Names of the SQL that adds up or averages a column of risk, also one that it got through other models.

    Behind a model that reads risk every column may be one of it, except those of the facts themselves.
    """
    renamed = {
        name.removesuffix(".sql") for name, text in texts.items() if RISK.search(text) and " as " in text
    } - {"fact_risk_metrics", "fact_var_components"}
    found: set[str] = set()
    for name, text in texts.items():
        summed = list(sums(text))
        own = RISK.search(text) and any(
            re.search(r"\b(value|component|percent|marginal)\b", s) for s in summed
        )
        passed_on = renamed & set(MODEL.findall(text)) and summed
        if own or passed_on:
            found.add(name)
    return found


def sums(text: str) -> Iterator[str]:
    """What stands in the brackets of each sum or average."""
    for start in re.finditer(r"\b(?:sum|avg)\s*\(", text, re.I):
        depth, end = 1, start.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text[start.end() : end - 1]


def statements() -> dict[str, str]:
    """All SQL that reads facts: of the project, of the reports, of the gateway and of what measures."""
    files = [file for kind in ("models", "tests", "macros") for file in PROJECT.glob(f"{kind}/**/*.sql")]
    found = {file.name: file.read_text() for file in files}
    for source in ("reports/src", "services/api-gateway/src", "libs/measuring/src", "libs/endofday/src"):
        for file in (ROOT / source).rglob("*.py"):
            found |= {f"{file.name}:{place}": text for place, text in literals(file)}
    assert len(found) > 200
    return found


def literals(file: Path) -> Iterator[tuple[int, str]]:
    """The texts in a module that could be SQL; of an f-string what it says itself."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value for part in node.values if isinstance(part, ast.Constant))
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


ROUTES = set(json.loads((ROOT / "docs/reference/openapi.json").read_text())["paths"])
WITHOUT_DATA = {
    "/healthz",
    "/readyz",
    "/signin",
    "/v1/keys",
    "/v1/keys/{prefix}",
    "/v1/session",
    "/v1/signin-links",
}
"""Who may ask and whether the gateway lives: no fact is behind it."""


def test_exposures_name_every_route_of_the_api_that_shows_data() -> None:
    named = {path for text in EXPOSURES.values() for path in re.findall(r'"(/[\w/{}-]+)"', text)}
    assert named == ROUTES - WITHOUT_DATA


def test_every_dashboard_has_an_exposure() -> None:
    files = {file.name for file in (ROOT / "deploy/grafana/dashboards").glob("*.json")}
    named = {name for text in EXPOSURES.values() for name in re.findall(r"files: \[([\w.]+)\]", text)}
    assert named == files
    assert EXPOSURES.keys() >= {"dashboard"}


def test_holidays_are_those_of_the_calendars() -> None:
    """One year of every exchange; the whole file is made by warehouse/make_holidays.py."""
    module = runpy.run_path(str(PROJECT / "make_holidays.py"))
    lines = (PROJECT / "seeds/exchange_holidays.csv").read_text().splitlines()[1:]
    for mic in module["exchanges"]():
        found = [day.isoformat() for day in module["holidays"](mic, *YEAR) or ()]
        assert [line for line in lines if line.startswith(f"{mic},2013-")] == [
            f"{mic},{day}" for day in found
        ]
    assert "XNYS,2013-11-28" in lines


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
