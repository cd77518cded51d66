"""Every command reads a moment in the same way, and refuses one that could mean another elsewhere."""

import datetime as dt

import pytest
import typer
from typer.testing import CliRunner

from tapeline_cli import exits
from tapeline_cli.app import app
from tapeline_cli.moments import parse_moment


def test_a_moment_keeps_its_zone() -> None:
    assert parse_moment("2013-10-07T20:00:00Z", "--at") == dt.datetime(2013, 10, 7, 20, tzinfo=dt.UTC)


@pytest.mark.parametrize(("text", "told"), [("noon", "ISO 8601"), ("2013-10-07T20:00:00", "zone")])
def test_what_is_no_moment_is_told_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(typer.BadParameter, match=told) as refused:
        parse_moment(text, "--at")
    assert (refused.value.param_hint, text in str(refused.value)) == ("--at", True)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("session",), "--at"),
        (("warehouse", "build"), "--known-at"),
        (("report", "daily-pnl", "--date", "2013-10-07"), "--known-at"),
        (("limits", "act", "L", "close", "--by", "me", "--note", "why"), "--until"),
    ],
)
def test_commands_refuse_a_moment_without_a_zone(command: tuple[str, ...], option: str) -> None:
    refused = CliRunner().invoke(app, [*command, option, "2013-10-07T20:00:00"])
    assert refused.exit_code == exits.USAGE
    assert option in refused.stderr
