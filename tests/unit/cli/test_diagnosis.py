"""status, doctor and logs: what they say, and with which exit code they leave."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local_stack.doctor import Finding
from local_stack.health import Component
from tapeline_cli import diagnosis, exits
from tapeline_cli.app import app

KAFKA = Component("kafka", "running", 7, 3661, ready=True, problem="", fix="")
RISK = Component("risk", "backoff", None, 0, ready=False, problem="exits at once", fix="tapeline logs risk")
LAGS = {"risk": 5, "risk.reference": 2, "valuation": 0}
RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAPELINE_HOME", str(tmp_path))
    monkeypatch.setattr(diagnosis, "_lags", lambda stack, found: LAGS)
    return tmp_path


def see(monkeypatch: pytest.MonkeyPatch, *components: Component) -> None:
    monkeypatch.setattr(diagnosis, "components", lambda stack: list(components))


def test_a_healthy_stack_is_ok(monkeypatch: pytest.MonkeyPatch):
    see(monkeypatch, KAFKA)
    result = RUNNER.invoke(app, ["status"])
    assert result.exit_code == exits.OK
    assert "1:01:01" in result.output


def test_what_is_wrong_comes_with_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch):
    see(monkeypatch, KAFKA, RISK)
    result = RUNNER.invoke(app, ["status"])
    assert result.exit_code == exits.UNHEALTHY
    assert "exits at once: risk" in result.output
    assert "fix: tapeline logs risk" in result.output


def test_status_as_json_is_one_document(monkeypatch: pytest.MonkeyPatch):
    see(monkeypatch, KAFKA, RISK)
    result = RUNNER.invoke(app, ["status", "--json"])
    assert result.exit_code == exits.UNHEALTHY
    content = json.loads(result.output)
    assert content["healthy"] is False
    risk = next(one for one in content["components"] if one["name"] == "risk")
    assert (risk["lag"], risk["pid"], risk["fix"]) == (7, None, "tapeline logs risk")


def test_status_tells_who_schedules_whatever_this_shell_would_choose(
    monkeypatch: pytest.MonkeyPatch, own_home: Path
):
    see(monkeypatch, KAFKA)
    (own_home / "scheduler.json").write_text('{"scheduler": "airflow"}')
    monkeypatch.setenv("TAPELINE_SCHEDULER", "embedded")
    assert "schedule: left to airflow" in RUNNER.invoke(app, ["status"]).output
    assert json.loads(RUNNER.invoke(app, ["status", "--json"]).output)["scheduler"] == "airflow"


def test_one_fix_for_many_is_told_once(monkeypatch: pytest.MonkeyPatch):
    down = [Component(name, "stopped", None, 0, False, "does not run", "tapeline up") for name in ("a", "b")]
    see(monkeypatch, *down)
    output = RUNNER.invoke(app, ["status"]).output
    assert "does not run: a, b" in output
    assert output.count("fix:") == 1


@pytest.mark.parametrize(("ok", "code"), [(True, exits.OK), (False, exits.UNHEALTHY)])
def test_doctor_leaves_with_its_finding(monkeypatch: pytest.MonkeyPatch, ok: bool, code: int):
    findings = [Finding("disk", ok, "1.0 GiB free", "free some space")]
    monkeypatch.setattr(diagnosis.examination, "examine", lambda stack: iter(findings))
    result = RUNNER.invoke(app, ["doctor"])
    assert result.exit_code == code
    assert ("fix: free some space" in result.output) is not ok
    assert json.loads(RUNNER.invoke(app, ["doctor", "--json"]).output)["healthy"] is ok


def test_logs_show_the_last_lines_with_their_source(own_home: Path):
    (own_home / "logs").mkdir()
    (own_home / "logs" / "risk.log").write_text("1\n2\n3\n")
    (own_home / "logs" / "kafka.log").write_text("k\n")
    output = RUNNER.invoke(app, ["logs", "-n", "2"]).output
    assert output.splitlines() == ["kafka | k", "risk  | 2", "risk  | 3"]
    assert RUNNER.invoke(app, ["logs", "risk", "-n", "1"]).output == "3\n"
    both = RUNNER.invoke(app, ["logs", "risk", "kafka", "-n", "1"]).output
    assert both == "risk  | 3\nkafka | k\n"


def test_an_unknown_log_names_the_known_ones(own_home: Path):
    (own_home / "logs").mkdir()
    (own_home / "logs" / "risk.log").write_text("")
    result = RUNNER.invoke(app, ["logs", "rsik"])
    assert result.exit_code == exits.FAILED
    assert "risk" in result.output


def test_following_waits_for_whole_lines_and_survives_rotation(tmp_path: Path):
    log = tmp_path / "x.log"
    log.write_text("one\ntw")
    text, end = diagnosis._read_from(log, 0)
    assert text == "one\n"
    log.write_text("one\ntwo\n")
    text, end = diagnosis._read_from(log, end)
    assert text == "two\n"
    log.write_text("new\n")
    assert diagnosis._read_from(log, end)[0] == "new\n"


def test_reset_asks_first(own_home: Path):
    (own_home / "kept").write_text("")
    result = RUNNER.invoke(app, ["reset"], input="n\n")
    assert result.exit_code == exits.ABORTED
    assert (own_home / "kept").exists()


def test_reset_keeps_the_verified_libraries(own_home: Path):
    for name in ("jars", "kafka"):
        (own_home / name).mkdir()
    assert RUNNER.invoke(app, ["reset", "--yes"]).exit_code == exits.OK
    assert (own_home / "jars").exists()
    assert not (own_home / "kafka").exists()
