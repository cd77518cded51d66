"""`tapeline bench`: runs the benchmarks of the checkout."""

from __future__ import annotations

import subprocess
import sys

import typer

from local_stack.state import checkout_root


def register(app: typer.Typer) -> None:
    # Names of benchmarks and their options are bench's own.
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(bench)


def bench(context: typer.Context) -> None:
    """Measure the platform on this machine; arguments go to `python -m bench`."""
    done = subprocess.run([sys.executable, "-m", "bench", *context.args], cwd=checkout_root(), check=False)
    raise typer.Exit(done.returncode)
