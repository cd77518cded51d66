"""Rules, dashboards and runbooks speak of what exists; promtool agrees with the rules."""

import ast
import json
import re
import shutil
import subprocess

import pytest
from prometheus_client.metrics import MetricWrapperBase
from tests.unit.observability.rules import (
    PROMETHEUS,
    ROOT,
    RULE_FILES,
    alerts,
    metrics_in,
    panel_queries,
    recorded,
    rules,
)

from chassis import metrics

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yaml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None,
    reason="promtool is missing: apt-get install --no-install-recommends prometheus (Debian, Ubuntu)",
)


def declared() -> dict[str, MetricWrapperBase]:
    """Every series name that the code can export, with its metric."""
    found = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    return {
        described.name + suffix: one
        for one in found
        for described in [one.describe()[0]]
        for suffix in SUFFIXES[described.type]
    }


def labels_asked_for(expression: str) -> set[tuple[str, str]]:
    """Pairs of metric and label of all matchers in a query."""
    return {
        (name, label)
        for name, matchers in re.findall(r"(tapeline_\w+)\{([^}]*)\}", expression)
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', matchers))
    }


def queries() -> list[tuple[str, str]]:
    """Every query of rules and panels, with where it stands."""
    found = [
        (f"{one.file}: {one.content.get('alert') or one.content['record']}", one.expression)
        for one in rules()
    ]
    return found + [(f"{dashboard}: {title}", query) for dashboard, title, query in panel_queries()]


def test_every_metric_in_rules_and_dashboards_exists_in_the_code() -> None:
    known = declared().keys() | recorded()
    unknown = {place: metrics_in(query) - known for place, query in queries()}
    assert {place: names for place, names in unknown.items() if names} == {}


def test_every_label_that_is_asked_for_is_a_label_of_its_metric() -> None:
    known, common = declared(), {"job", "instance", "le"}
    wrong = [
        (place, name, label)
        for place, query in queries()
        for name, label in labels_asked_for(query)
        if label not in common and label not in known[name]._labelnames
    ]
    assert wrong == []


def test_no_metric_has_a_label_that_prometheus_sets_itself() -> None:
    clashes = {name for name, metric in declared().items() if {"job", "instance"} & set(metric._labelnames)}
    assert clashes == set()


def test_every_declared_metric_is_used_by_some_service() -> None:
    used: set[str] = set()
    for source in ROOT.glob("services/*/src/**/*.py"):
        used |= {
            node.attr for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Attribute)
        }
    chassis_itself = {"STAGE_SECONDS", "READY"}
    names = {name for name, one in vars(metrics).items() if isinstance(one, MetricWrapperBase)}
    assert names - used - chassis_itself == set()


def test_no_recorded_series_is_made_for_nobody() -> None:
    asked = {name for _, query in queries() for name in metrics_in(query)}
    assert recorded() - asked == set()


@pytest.mark.parametrize("alert", alerts(), ids=lambda one: one.content["alert"])
def test_an_alert_says_how_bad_what_and_what_to_do(alert) -> None:
    content = alert.content
    assert content["labels"]["severity"] in {"critical", "warning", "info"}
    assert content["annotations"]["summary"]
    slug = re.sub(r"(?<!^)(?=[A-Z])", "-", content["alert"]).lower()
    page = ROOT / content["annotations"]["runbook_url"]
    assert page == RUNBOOKS / f"{slug}.md"
    text = page.read_text()
    assert text.startswith(f"# {content['alert']}\n")
    for heading in ("## Meaning", "## Impact", "## Check", "## Mend"):
        assert heading in text


def test_every_runbook_belongs_to_an_alert_and_is_listed() -> None:
    wanted = {alert.content["annotations"]["runbook_url"].rpartition("/")[2] for alert in alerts()}
    assert {page.name for page in RUNBOOKS.glob("*.md")} - {"README.md"} == wanted
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (RUNBOOKS / "README.md").read_text()))
    assert listed == wanted


def test_runbooks_link_to_what_exists() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in RUNBOOKS.glob("*.md")
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_alert_is_proven_by_a_rule_test() -> None:
    proven = {name for path in RULE_TESTS for name in re.findall(r"alertname: (\w+)", path.read_text())}
    assert {alert.content["alert"] for alert in alerts()} - proven == set()


@needs_promtool
def test_promtool_accepts_the_rules() -> None:
    run_promtool("check", "rules", *map(str, RULE_FILES))


@needs_promtool
@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_before(path) -> None:
    run_promtool("test", "rules", str(path))


# Of counters that have no series before the first event.
QUIET_PANELS = {("risk", "Limit events"): '{state="none"}', ("api", "Errors by route"): '{status="none"}'}


@needs_promtool
@pytest.mark.parametrize("panel", QUIET_PANELS, ids=" ".join)
def test_a_panel_of_rare_events_shows_that_there_were_none(panel, tmp_path) -> None:
    (query,) = [query for dashboard, title, query in panel_queries() if (dashboard, title) == panel]
    asked = {
        "expr": query,
        "eval_time": "1h",
        "exp_samples": [{"labels": QUIET_PANELS[panel], "value": 0}],
    }
    test = tmp_path / "quiet.yaml"
    test.write_text(json.dumps({"tests": [{"promql_expr_test": [asked]}]}))
    run_promtool("test", "rules", str(test))


def run_promtool(*arguments: str) -> None:
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
