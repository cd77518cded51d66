"""Loads the demo book and its history from data/demo, as `tapeline load` would."""

from local_stack.stack import Stack
from local_stack.state import checkout_root
from tapeline_cli.connection import Connection
from tapeline_cli.load import load_files

FILES = (
    ("instruments", "instruments.csv"),
    ("portfolios", "portfolios.csv"),
    ("fx", "fx.parquet"),
    ("positions", "positions.csv"),
    ("prices", "prices.parquet"),
    ("corporate-actions", "corporate-actions.csv"),
)


def load(stack: Stack) -> str:
    """Take in data/demo; what is there already changes nothing."""
    folder = checkout_root() / "data" / "demo"
    files = [(kind, folder / name) for kind, name in FILES]
    results = load_files(Connection.of_stack(stack.state), files)
    new, rows = sum(result.written for result in results), sum(result.rows for result in results)
    return f"{new} of {rows} rows were new"
