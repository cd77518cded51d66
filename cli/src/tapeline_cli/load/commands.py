"""`tapeline load KIND FILE`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tapeline_cli.connection import Connection
from tapeline_cli.load.loading import WAIT_S, load_files
from tapeline_cli.output import JsonOption, console, errors, print_json
from tapeline_cli.progress_bar import progress_bar


class KindName(StrEnum):
    """The kinds of `tapeline_cli.load.kinds`, for Typer."""

    PORTFOLIOS = "portfolios"
    INSTRUMENTS = "instruments"
    POSITIONS = "positions"
    TRADES = "trades"
    PRICES = "prices"
    FX = "fx"
    CORPORATE_ACTIONS = "corporate-actions"
    LIMITS = "limits"


def register(app: typer.Typer) -> None:
    app.command()(load)


def load(
    kind: Annotated[KindName, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file with a header row.")],
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until services have it; 0: do not.")
    ] = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Load reference data or history.

    One wrong row and nothing is loaded; loading a file twice changes nothing.
    """
    connection = Connection.of_stack()
    with progress_bar("taken in by services") as on_progress:
        (result,) = load_files(
            connection,
            [(kind.value, file)],
            wait_s=wait,
            on_progress=on_progress,
            warn=lambda text: errors.print(f"warning: {text}", style="yellow", markup=False),
        )
    if as_json:
        print_json(result.as_dict())
    else:
        unchanged = result.rows - result.written
        console.print(
            f"{result.file}: {result.rows} {result.kind}, {result.written} new or changed, "
            f"{max(unchanged, 0)} there already ({result.seconds:.1f} s)",
            markup=False,
        )
