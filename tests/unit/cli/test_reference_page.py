"""docs/reference/cli.md names every command, option and exit code there is."""

from pathlib import Path

import pytest
import typer

from tapeline_cli import exits
from tapeline_cli.app import app
from tapeline_cli.load.kinds import KINDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "cli.md").read_text()


def commands(group, prefix: str = ""):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


ALL = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", ALL)
def test_every_command_and_option_is_on_the_page(name):
    row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{name}")), None)
    assert row is not None, f"{name} is not in the table of commands"
    options = [
        option for parameter in ALL[name].params for option in parameter.opts if option.startswith("--")
    ]
    missing = [option for option in options if option not in ("--json", "--help") and option not in row]
    assert [option for option in missing if not _short(name, option, row)] == []


def _short(name: str, option: str, row: str) -> bool:
    """The table may show the short form of an option."""
    (parameter,) = (one for one in ALL[name].params if option in one.opts)
    return any(short in row for short in parameter.opts if not short.startswith("--"))


def test_every_exit_code_is_on_the_page():
    codes = [value for name, value in vars(exits).items() if name.isupper()]
    assert [code for code in codes if f"| {code} |" not in PAGE] == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_column_is_on_the_page(kind):
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{kind.name}` |"))
    assert [name for name in kind.known() if name not in row] == []
