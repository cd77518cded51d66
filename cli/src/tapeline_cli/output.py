"""How commands speak: plain lines for people and pipes, JSON on request, errors with their fix."""

import json
import sys
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from tapeline_cli import exits

# Rich drops colour for NO_COLOR and pipes by itself; soft_wrap keeps one line one line.
console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(content: Any) -> None:
    """One JSON document on standard output, nothing else."""
    json.dump(content, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")


def fail(problem: str, fix: str = "", code: int = exits.FAILED) -> NoReturn:
    """Say what is wrong and what mends it, on standard error, and leave."""
    errors.print(f"error: {problem}", style="red", markup=False)
    if fix:
        errors.print(f"  fix: {fix}", markup=False)
    raise typer.Exit(code)
