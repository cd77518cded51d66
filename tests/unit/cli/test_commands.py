"""The command line as a user types it, as far as no platform is needed."""

import re

import pytest
from typer.testing import CliRunner

from contracts import topics
from tapeline_cli import exits
from tapeline_cli.app import app
from tapeline_cli.progress import groups_of

run = CliRunner().invoke
DATA_COMMANDS = [
    ["load", "fx", "none.csv"],
    ["replay", "none.parquet"],
    ["topics"],
    ["dlq", "list"],
    ["dlq", "show", "0/0"],
    ["dlq", "replay"],
]


@pytest.fixture(autouse=True)
def no_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("TAPELINE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("command", DATA_COMMANDS, ids=" ".join)
def test_without_a_platform_the_message_says_what_to_run(command):
    result = run(app, command)
    assert result.exit_code != exits.OK
    assert "run `tapeline up`" in str(result.exception)


@pytest.mark.parametrize("command", [*DATA_COMMANDS, ["bars", "run"]], ids=" ".join)
def test_every_command_has_help(command):
    names = [word for word in command if word.isalpha() and word != "fx"]
    result = run(app, [*names[:2], "--help"])
    assert result.exit_code == exits.OK, result.output
    assert "--json" in re.sub(r"\x1b\[[0-9;]*m", "", result.output)


def test_an_unknown_reason_is_a_usage_error():
    result = run(app, ["dlq", "list", "--reason", "bad"])
    assert result.exit_code == exits.USAGE
    assert "unknown_symbol" in result.output


def test_a_producer_option_before_the_file_is_a_usage_error():
    result = run(app, ["replay", "--seed", "7", "day.parquet"])
    assert result.exit_code == exits.USAGE
    assert "give FILE before --seed" in result.output


def test_groups_follow_from_the_consumers_of_a_topic():
    assert groups_of(topics.TICKS_RAW) == ["tick-ingestor"]
    assert groups_of(topics.TICKS) == ["bar-aggregator", "bar-aggregator.bronze", "valuation"]
    assert groups_of(topics.TICKS_REJECTED) == ["bar-aggregator.bronze"]
    assert "tick-ingestor.reference" in groups_of(topics.INSTRUMENTS)
    assert "valuation" in groups_of(topics.INSTRUMENTS)
